import type { Service, UpdateStatus } from '@gantry/core/model';

/** Progress of a service towards its spec. */
export interface RolloutState {
  /** `failed`: the service will not get there without a change. */
  readonly phase: 'waiting' | 'done' | 'failed';
  readonly updated: number;
  readonly desired: number;
  readonly message: string;
  /** A task whose log has details. */
  readonly task?: string | undefined;
}

/** What had ended before the following command started, and is not reported again. */
export interface Past {
  readonly update?: UpdateStatus | undefined;
  /** Names of ended tasks that are followed by a further attempt. */
  readonly attempts?: ReadonlySet<string> | undefined;
}

/** Derives the state from the status of a service, whose `progress` is the cluster's own assessment. */
export function rolloutState(service: Service, past: Past = {}): RolloutState {
  const { meta, spec, status } = service;
  const { desired, progress, completed = 0 } = status;
  const update = isPast(status.update, past.update) ? undefined : status.update;
  const ready = update === status.update ? status.updated : status.ready;
  const updated = Math.min(ready + completed, desired);
  const state = (phase: RolloutState['phase'], message: string): RolloutState => ({
    phase,
    updated,
    desired,
    message,
    task: phase === 'failed' ? progress?.task : undefined,
  });
  if (meta.deletedAt !== undefined) return state('failed', 'it is being deleted');
  if (status.observedGeneration < meta.generation || progress === undefined)
    return state('waiting', 'the change has not been observed yet');
  if (update?.state === 'paused') return state('failed', `the update is paused: ${update.message}`);
  if (update?.state === 'rollback-paused')
    return state('failed', `the rollback is paused: ${update.message}`);
  if (update?.state === 'rollback-started') return state('waiting', `rolling back: ${update.message}`);
  if (update?.state === 'rollback-completed') {
    const over = progress.state === 'stable' || progress.state === 'complete';
    return state(over ? 'failed' : 'waiting', `the update was rolled back: ${update.message}`);
  }
  if (progress.state === 'stable' || progress.state === 'complete') {
    return updated >= desired
      ? state('done', progress.message)
      : state('failed', 'the rollout is paused; continue it with `gantry rollout resume`');
  }
  const isPastAttempt = progress.task !== undefined && past.attempts?.has(progress.task) === true;
  if (progress.state === 'failed' && isPastAttempt && progress.reason !== 'UpdatePaused')
    return state('waiting', `waiting for the next attempt; ${progress.message}`);
  if (progress.state === 'failed') return state('failed', `${progress.message} (${progress.reason})`);
  if (spec.paused && updated < desired && update?.state === 'updating')
    return state('failed', 'the rollout is paused; continue it with `gantry rollout resume`');
  return state('waiting', progress.message);
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
