import { pipeline, type Readable } from 'node:stream';
import type { RuntimeLogLine, RuntimeLogOptions } from '@gantry/core';
import { Demux } from './demux.ts';
import { closeQuietly, type Engine, engineError } from './engine.ts';
import { LogLines } from './log-lines.ts';

/** The lines of a container in batches: what has arrived is handed on at once. */
export async function* readLogs(
  engine: Engine,
  container: string,
  options: RuntimeLogOptions,
  closing: AbortSignal,
): AsyncGenerator<readonly RuntimeLogLine[]> {
  const { follow = false, tail, since, signal } = options;
  const over = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  if (over.aborted) return;
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    follow,
    ...(tail === undefined ? {} : { tail: String(tail) }),
    ...(since === undefined ? {} : { since: (since / 1000).toFixed(3) }),
  };
  let answer: Readable;
  try {
    answer = await engine.open(`/containers/${encodeURIComponent(container)}/logs`, query);
  } catch (error) {
    throw engineError(error, `logs of "${container}"`);
  }
  const demux = new Demux();
  pipeline(answer, demux, () => {});
  const end = (): void => closeQuietly(answer);
  over.addEventListener('abort', end, { once: true });
  const lines = new LogLines();
  let batch: RuntimeLogLine[] = [];
  try {
    for await (const piece of demux) {
      const line = lines.take(piece);
      if (line !== undefined && (since === undefined || line.time >= since)) batch.push(line);
      if (demux.readableLength > 0 || batch.length === 0) continue;
      yield batch;
      batch = [];
    }
    batch.push(...lines.rest());
    if (batch.length > 0) yield batch;
  } catch (error) {
    if (!over.aborted) throw engineError(error, `logs of "${container}"`);
  } finally {
    over.removeEventListener('abort', end);
    end();
  }
}
