import type { RuntimeLogLine, RuntimeLogOptions } from '@gantry/core/contracts';
import type { TaskProcess } from './task-process.ts';

/** The lines of both streams, by time; with `follow` until the task ends. */
export async function* readLogs(
  task: TaskProcess,
  options: RuntimeLogOptions,
  closing: AbortSignal,
): AsyncGenerator<readonly RuntimeLogLine[]> {
  const over = AbortSignal.any(options.signal === undefined ? [closing] : [closing, options.signal]);
  const fired = new Promise<void>((resolve) => {
    over.addEventListener('abort', () => resolve(), { once: true });
  });
  const positions = { stdout: 0, stderr: 0 };
  let { tail } = options;
  while (!over.aborted) {
    const { ended } = task;
    const last = ended || options.follow !== true;
    const change = task.changed();
    try {
      task.look();
      const lines = (['stdout', 'stderr'] as const).flatMap((stream) => {
        const read = task.logs[stream].read(positions[stream], last);
        positions[stream] = read.next;
        return read.lines.map(({ time, text }): RuntimeLogLine => ({ time, stream, text }));
      });
      lines.sort((a, b) => a.time - b.time);
      const wanted =
        options.since === undefined ? lines : lines.filter(({ time }) => time >= Number(options.since));
      const batch = tail === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - tail));
      tail = undefined;
      if (batch.length > 0) yield batch;
      if (last) return;
      // Output that arrived during the read is read immediately.
      if (ended === task.ended) await Promise.race([change.promise, fired]);
    } finally {
      change.cancel();
    }
  }
}
