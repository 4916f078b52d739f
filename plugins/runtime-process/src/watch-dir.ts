import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '@gantry/core';

const COALESCE_MS = 20;
const POLL_MS = 250;

/**
 * Calls `look` soon after a change in a directory, at most once in 20 ms. If the kernel has no watches left, it polls
 * instead.
 */
export function watchDir(path: string, clock: Clock, look: () => void): () => void {
  let cancel: (() => void) | undefined;
  let again = false;
  let watcher: FSWatcher | undefined;
  const rest = (): void => {
    cancel = undefined;
    if (again) changed();
  };
  const changed = (): void => {
    again = cancel !== undefined;
    if (again) return;
    cancel = clock.after(COALESCE_MS, rest);
    look();
  };
  const poll = (): void => {
    cancel = clock.after(POLL_MS, poll);
    look();
  };
  try {
    watcher = watch(path, { persistent: false }, changed);
    watcher.on('error', () => watcher?.close());
  } catch {
    poll();
  }
  return () => {
    watcher?.close();
    cancel?.();
  };
}
