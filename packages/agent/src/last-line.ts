import type { Clock, Runtime } from '@gantry/core';

const MAX_MS = 1000;
const MAX_LENGTH = 200;

/** The last line that a task wrote, shortened, if its runtime gives it within a second. Never throws. */
export async function lastLine(runtime: Runtime, clock: Clock, task: string): Promise<string | undefined> {
  if (runtime.logs === undefined) return undefined;
  const stop = new AbortController();
  const cancel = clock.after(MAX_MS, () => stop.abort());
  try {
    const late = new Promise<undefined>((resolve) => {
      stop.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const text = await Promise.race([readLast(runtime, task, stop.signal), late]);
    const line = text?.replace(/\p{Cc}+/gu, ' ').trim();
    if (line === undefined || line === '') return undefined;
    return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
  } catch {
    return undefined; // the exit itself is what has to be reported
  } finally {
    cancel();
  }
}

async function readLast(runtime: Runtime, task: string, signal: AbortSignal): Promise<string | undefined> {
  let last: string | undefined;
  for await (const lines of runtime.logs?.(task, { tail: 5, signal }) ?? []) {
    for (const { text } of lines) if (text.trim() !== '') last = text;
  }
  return last;
}
