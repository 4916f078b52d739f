import { GantryError } from '@gantry/core';
import type { HttpBody } from './fetch.ts';

/** A line may be so long, in characters; what is longer is no line of ours. */
const MAX_LINE = 64 * 1024 * 1024;

/** The lines of a body that goes on, each parsed as JSON, in batches as they come; empty ones are signs of life only. */
export async function* jsonLines(body: HttpBody): AsyncIterable<readonly unknown[]> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE)
        throw new GantryError('INTERNAL', 'the server sent a line that does not end');
      yield lines.filter((line) => line !== '').map(parse);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new GantryError('INTERNAL', 'the server sent a line that is not JSON', { cause: error });
  }
}
