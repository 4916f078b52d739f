import { pipeline, type Readable } from 'node:stream';
import type { RuntimeLogLine, RuntimeLogOptions } from '@gantry/core/contracts';
import { Demux } from './demux.ts';
import { closeQuietly, type Engine } from './engine.ts';
import { engineError } from './failure.ts';
import { LogLines, Seen, type StampedLine } from './log-lines.ts';

interface Source {
  readonly engine: Engine;
  readonly container: string;
  readonly over: AbortSignal;
}

/** The lines of a container in batches; lines are passed on as soon as they arrive. */
export async function* readLogs(
  engine: Engine,
  container: string,
  options: RuntimeLogOptions,
  closing: AbortSignal,
): AsyncGenerator<readonly RuntimeLogLine[]> {
  const { follow = false, tail, since, signal } = options;
  const over = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  const source = { engine, container, over };
  const from = since === undefined ? {} : { since: (since / 1000).toFixed(3) };
  const wanted = ({ line }: StampedLine): boolean => since === undefined || line.time >= since;
  const seen = new Seen();
  const show = (lines: readonly StampedLine[]): readonly RuntimeLogLine[] => {
    for (const { stamp } of lines) seen.add(stamp);
    return lines.map(({ line }) => line);
  };
  const last = tail === undefined ? {} : { tail: String(tail) };
  for await (const batch of batches(source, { follow, ...last, ...from })) {
    const lines = batch.filter(wanted);
    if (lines.length > 0) yield show(lines);
  }
  if (!follow || over.aborted || seen.since === undefined) return;
  // The engine may stop following when a container ends, with lines still unread.
  const isNew = seen.filter();
  for await (const batch of batches(source, { follow: false, since: seen.since })) {
    const lines = batch.filter(isNew);
    if (lines.length > 0) yield show(lines);
  }
}

async function* batches(
  { engine, container, over }: Source,
  query: Readonly<Record<string, unknown>>,
): AsyncGenerator<readonly StampedLine[]> {
  if (over.aborted) return;
  const what = `logs of "${container}"`;
  const path = `/containers/${encodeURIComponent(container)}/logs`;
  let answer: Readable;
  try {
    answer = await engine.open(path, { stdout: true, stderr: true, timestamps: true, ...query }, over);
  } catch (error) {
    if (over.aborted) return;
    throw engineError(error, what);
  }
  const demux = new Demux();
  pipeline(answer, demux, () => {});
  const end = (): void => closeQuietly(answer);
  over.addEventListener('abort', end, { once: true });
  if (over.aborted) end();
  const lines = new LogLines();
  let batch: StampedLine[] = [];
  try {
    for await (const piece of demux) {
      const line = lines.take(piece);
      if (line !== undefined) batch.push(line);
      if (demux.readableLength > 0 || batch.length === 0) continue;
      yield batch;
      batch = [];
    }
    batch.push(...lines.rest());
    if (batch.length > 0) yield batch;
  } catch (error) {
    if (!over.aborted) throw engineError(error, what);
  } finally {
    over.removeEventListener('abort', end);
    end();
  }
}
