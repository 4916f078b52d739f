import { GantryError } from '@gantry/core';
import type { HttpBody } from './fetch.ts';

/** Maximum length of a line, in characters; Gantry sends no longer lines. */
const MAX_LINE = 64 * 1024 * 1024;

/**
 * Reads the lines of a streamed body, each parsed as JSON, in batches as they arrive; empty lines are only heartbeats.
 */
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
