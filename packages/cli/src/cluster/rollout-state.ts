import type { Service, UpdateStatus } from '@gantry/core';

/** How far a service has come on the way to what its spec wants. */
export interface RolloutState {
  /** `failed`: it will not get there by itself. */
  readonly phase: 'waiting' | 'done' | 'failed';
  readonly updated: number;
  readonly desired: number;
  /** In words. */
  readonly message: string;
}

/**
 * Reads it off the service's status. `past`: an update that had come to its end before the change that is followed;
 * how it ended is not to be told again.
 */
export function rolloutState(service: Service, past?: UpdateStatus): RolloutState {
  const { meta, spec, status } = service;
  const { desired, ready } = status;
  const update = isPast(status.update, past) ? undefined : status.update;
  const old = update !== status.update;
  const updated = Math.min(old ? ready : status.updated, desired);
  const state = (phase: RolloutState['phase'], message: string): RolloutState => ({
    phase,
    updated,
    desired,
    message,
  });
  if (meta.deletedAt !== undefined) return state('failed', 'it is being deleted');
  if (status.observedGeneration < meta.generation)
    return state('waiting', 'the change has not been taken up yet');
  if (update?.state === 'paused') return state('failed', `the update is paused: ${update.message}`);
  if (update?.state === 'rollback-paused')
    return state('failed', `the rollback is paused: ${update.message}`);
  if (update?.state === 'rollback-started')
    return state('waiting', `it is being rolled back: ${update.message}`);
  if (updated >= desired && ready >= desired && update?.state !== 'updating') {
    return update?.state === 'rollback-completed'
      ? state('failed', `the update was taken back: ${update.message}`)
      : state('done', `${ready} of ${desired} tasks are ready`);
  }
  if (spec.paused)
    return state('waiting', `${updated} of ${desired} tasks are updated; the rollout is paused`);
  const unplaced = status.conditions.find(
    ({ type, status: holds }) => type === 'Scheduled' && holds === 'false',
  );
  if (unplaced !== undefined) return state('waiting', unplaced.message);
  return state('waiting', `${updated} of ${desired} tasks are updated, ${ready} are ready`);
}

const MOVING: ReadonlySet<string> = new Set(['updating', 'rollback-started']);

function isPast(update: UpdateStatus | undefined, past: UpdateStatus | undefined): boolean {
  return (
    update !== undefined &&
    past !== undefined &&
    update.startedAt === past.startedAt &&
    !MOVING.has(past.state)
  );
}
