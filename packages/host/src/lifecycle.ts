import { aborted, type Clock, GantryError, isGantryError, toGantryError } from '@gantry/core';
import { type Built, lifecycleOf } from './scope.ts';

/** Races a call against a deadline and a signal; the error names a plugin that hangs. */
async function bounded(
  what: string,
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) throw aborted(signal);
  signal?.addEventListener('abort', onAbort, { once: true });
  let cancel = (): void => {};
  const ended = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () =>
      stop.abort(new GantryError('TIMEOUT', `${what} took longer than ${ms} ms`)),
    );
    stop.signal.addEventListener('abort', () => reject(aborted(stop.signal)), { once: true });
  });
  try {
    await Promise.race([call(stop.signal), ended]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Starts the built components in the order in which they were built: each comes after everything it needs. */
export async function startAll(
  built: readonly Built[],
  clock: Clock,
  options: { startTimeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  for (const { plugin, value } of built) {
    const lifecycle = lifecycleOf(value);
    if (lifecycle.start === undefined) continue;
    try {
      await bounded(`${plugin}: start`, clock, options.startTimeoutMs, options.signal, (signal) =>
        Promise.resolve(lifecycle.start?.(signal)),
      );
    } catch (error) {
      if (isGantryError(error) && error.message.startsWith(plugin)) throw error;
      const known = toGantryError(error);
      throw new GantryError(known.code, `${plugin}: start failed: ${known.message}`, {
        cause: error,
        details: { ...known.details, plugin },
        issues: known.issues,
      });
    }
  }
}

/** Disposes of the built components in reverse order, regardless of errors and hangs; returns the errors. */
export async function closeAll(
  built: readonly Built[],
  clock: Clock,
  closeTimeoutMs: number,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const { plugin, value } of built.toReversed()) {
    const lifecycle = lifecycleOf(value) as { [Symbol.dispose]?(): void } & ReturnType<typeof lifecycleOf>;
    try {
      if (lifecycle[Symbol.asyncDispose] !== undefined) {
        await bounded(`${plugin}: close`, clock, closeTimeoutMs, undefined, () =>
          Promise.resolve(lifecycle[Symbol.asyncDispose]?.()),
        );
      } else lifecycle[Symbol.dispose]?.();
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
