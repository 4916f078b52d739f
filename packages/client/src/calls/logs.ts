import { GantryError } from '@gantry/core';
import type { LogLine, LogOptions } from '@gantry/core/api';
import { errorOf } from '../http/problem.ts';
import type { Transport } from '../http/transport.ts';

type Line = LogLine | { readonly type: 'end' } | { readonly type: 'error'; readonly problem: unknown };

/** The lines of a task or service; the server adapts to the reader's pace. */
export async function* readLogs(
  transport: Transport,
  path: string,
  { signal, ...query }: LogOptions,
): AsyncIterable<readonly LogLine[]> {
  let ended = false;
  try {
    const { lines } = await transport.stream({ method: 'GET', path, query, signal });
    for await (const batch of lines as AsyncIterable<readonly Line[]>) {
      const found = batch.filter((line) => !('type' in line)) as readonly LogLine[];
      if (found.length > 0) yield found;
      for (const line of batch) {
        if (!('type' in line)) continue;
        if (line.type === 'error') throw errorOf(line.problem, 500);
        ended = true;
      }
    }
    if (!ended) throw new GantryError('UNAVAILABLE', 'the connection was lost before the end of the logs');
  } catch (error) {
    if (signal?.aborted) return;
    throw error;
  }
}
