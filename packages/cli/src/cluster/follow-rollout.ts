import { isGantryError, type Service, type UpdateStatus } from '@gantry/core';
import { showDuration } from '../output/duration.ts';
import { CliError } from '../output/problem.ts';
import { openProgress } from '../output/progress.ts';
import type { Cx } from '../session.ts';
import { type RolloutState, rolloutState } from './rollout-state.ts';

export interface FollowOptions {
  /** Gives up after this; without it, never. */
  readonly timeoutMs?: number | undefined;
  /** An update that was over before the change that is followed. */
  readonly past?: UpdateStatus | undefined;
}

/**
 * Follows a service until it is what its spec wants, with a bar.
 *
 * @throws `FAILED` if the update has been stopped or taken back, `TIMEOUT`
 */
export async function followRollout(cx: Cx, id: string, options: FollowOptions = {}): Promise<void> {
  const api = await cx.api();
  const clock = await cx.clock();
  const started = clock.elapsed();
  using progress = await openProgress(cx, id);
  let latest: RolloutState | undefined;
  const over = (service: Service): boolean => {
    latest = rolloutState(service, options.past);
    progress.update(latest.updated, latest.desired, latest.message);
    return latest.phase !== 'waiting';
  };
  const hint = `see why with \`gantry explain service/${id}\``;
  try {
    const ended = await api.wait('service', id, over, { timeoutMs: options.timeoutMs, signal: cx.signal });
    progress[Symbol.dispose]();
    if (ended === undefined) throw new CliError('NOT_FOUND', `service ${id} was deleted`);
    const { phase, message } = rolloutState(ended, options.past);
    if (phase === 'failed') throw new CliError('FAILED', `service ${id}: ${message}`, hint);
    cx.print(`service/${id} is up to date: ${message} (${showDuration(clock.elapsed() - started)})`);
  } catch (error) {
    if (!isGantryError(error, 'TIMEOUT') || latest === undefined) throw error;
    throw new CliError('TIMEOUT', `service ${id}: ${latest.message}`, hint);
  }
}
