import { aborted, isGantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { isFinal, parseId, type Service, type UpdateStatus } from '@gantry/core/model';
import { showDuration } from '../output/duration.ts';
import { CliError } from '../output/problem.ts';
import { openProgress, type Progress } from '../output/progress.ts';
import type { Cx } from '../session.ts';
import { allPages } from './all-pages.ts';
import { type Past, type RolloutState, rolloutState } from './rollout-state.ts';
import { showLastLines } from './show-last-lines.ts';

/** How long a command waits for services by default. */
export const DEFAULT_WAIT = '10m';
const DEFAULT_WAIT_MS = 600_000;

export interface FollowOptions {
  /** Maximum time in ms, after which it fails with `TIMEOUT` (default: {@link DEFAULT_WAIT}). */
  readonly timeoutMs?: number | undefined;
  /** An update that had ended before the followed change. */
  readonly past?: UpdateStatus | undefined;
  /**
   * Whether a failure counts although it happened before this command and another attempt follows, as for a command
   * that only reports the state of a service (default: the outcome of the next attempt is awaited).
   */
  readonly countsPast?: boolean | undefined;
}

/** A service to follow. */
export interface Followed extends Pick<FollowOptions, 'past' | 'countsPast'> {
  readonly id: string;
}

/**
 * Follows a service until it matches its spec, and shows its progress.
 *
 * @throws `FAILED`, with the last lines of the log, as soon as the service cannot get there without a change; `TIMEOUT`
 */
export async function followRollout(cx: Cx, id: string, options: FollowOptions = {}): Promise<void> {
  const { timeoutMs, ...followed } = options;
  await followRollouts(cx, [{ id, ...followed }], timeoutMs);
}

/**
 * Follows several services concurrently, and ends with the first that fails.
 *
 * @throws as {@link followRollout}
 */
export async function followRollouts(
  cx: Cx,
  services: readonly Followed[],
  timeoutMs: number = DEFAULT_WAIT_MS,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([cx.signal, over.signal]);
  using progress = await openProgress(cx);
  const done: string[] = [];
  const states = new Map<string, RolloutState>();
  try {
    await Promise.all(
      services.map(async (each) => {
        const watched = { ...each, states, progress, timeoutMs, signal };
        done.push(
          await followOne(cx, watched).catch((error: unknown) => {
            over.abort(error);
            throw error;
          }),
        );
      }),
    );
  } catch (error) {
    progress[Symbol.dispose]();
    for (const line of done) cx.print(line);
    const { id, task } = error instanceof RolloutError ? error : { id: undefined, task: undefined };
    if (id !== undefined && task !== undefined) await showLastLines(cx, id, task);
    if (cx.signal.aborted) {
      for (const [id, { phase, message }] of states)
        if (phase === 'waiting') cx.note(`service/${id}: ${message}`);
      cx.note(`continue watching with \`gantry rollout status ${services[0]?.id ?? ''}\``);
    }
    throw error;
  }
  progress[Symbol.dispose]();
  for (const line of done) cx.print(line);
}

/** Thrown if a service cannot match its spec without a change. */
class RolloutError extends CliError {
  readonly id: string;
  readonly task: string | undefined;

  constructor(id: string, { message, task }: RolloutState, hint: string) {
    super('FAILED', `service ${id}: ${message}`, hint);
    this.id = id;
    this.task = task;
  }
}

interface Watched extends Followed {
  readonly states: Map<string, RolloutState>;
  readonly progress: Progress;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves with a line that states the outcome for the service. */
async function followOne(
  cx: Cx,
  { id, past: update, countsPast = false, states, progress, timeoutMs, signal }: Watched,
): Promise<string> {
  const api = await cx.api();
  const clock = await cx.clock();
  const started = clock.elapsed();
  const past: Past = { update, attempts: countsPast ? undefined : await pastAttempts(api, id, signal) };
  const over = (service: Service): boolean => {
    const state = rolloutState(service, past);
    states.set(id, state);
    progress.update(id, state.updated, state.desired, state.message);
    return state.phase !== 'waiting';
  };
  const hint = `see why with \`gantry explain service/${id}\``;
  try {
    const ended = await api.wait('service', id, over, { timeoutMs, signal });
    if (ended === undefined) throw new CliError('NOT_FOUND', `service ${id} was deleted`);
    const state = rolloutState(ended, past);
    if (state.phase === 'failed') throw new RolloutError(id, state, hint);
    return `service/${id} is up to date: ${state.message} (${showDuration(clock.elapsed() - started)})`;
  } catch (error) {
    if (cx.signal.aborted) throw aborted(cx.signal);
    const latest = states.get(id);
    if (!isGantryError(error, 'TIMEOUT') || latest === undefined) throw error;
    const text = `service ${id}: not up to date after ${showDuration(timeoutMs)}: ${latest.message}`;
    throw new CliError('TIMEOUT', text, `${hint}; wait longer with --timeout`);
  }
}

/** Returns the ended attempts of a failed service, if others follow. */
async function pastAttempts(
  api: ClusterApi,
  id: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const { status } = await api.get('service', id, { signal });
    if (status.progress?.state !== 'failed') return undefined;
  } catch (error) {
    if (isGantryError(error, 'NOT_FOUND')) return undefined; // the following wait reports it
    throw error;
  }
  const { namespace } = parseId(id);
  const { items } = await allPages(api, 'task', { namespace, fields: `spec.service=${id}`, signal });
  const ended = items.filter(({ status }) => isFinal(status.state) && status.retryAt !== undefined);
  return new Set(ended.map(({ meta }) => meta.name));
}
