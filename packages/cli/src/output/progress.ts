import { Writable } from 'node:stream';
import type { Output } from '../io/io.ts';
import type { Cx } from '../session.ts';

/** Shows the progress of several items: a bar for each on a terminal, otherwise a line for each change. */
export interface Progress extends Disposable {
  /** @param label the item: `web`, `node-1` */
  update(label: string, done: number, total: number, message: string): void;
}

export async function openProgress(cx: Cx): Promise<Progress> {
  const { stderr } = cx.io;
  return stderr.isTTY ? await bars(stderr) : lines(cx);
}

function lines(cx: Cx): Progress {
  const last = new Map<string, string>();
  return {
    update: (label, _done, _total, message) => {
      if (message !== last.get(label)) cx.note(`${label}: ${message}`);
      last.set(label, message);
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function bars(output: Output): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const all = new cliProgress.MultiBar({
    format: '{label} {bar} {value}/{total} {message}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    gracefulExit: false,
    stream: terminal(output),
  });
  const known = new Map<string, ReturnType<typeof all.create>>();
  let open = true;
  return {
    update: (label, done, total, message) => {
      if (!open) return;
      const bar = known.get(label) ?? all.create(Math.max(total, 1), done, { label, message });
      known.set(label, bar);
      bar.setTotal(Math.max(total, 1));
      bar.update(done, { label, message });
    },
    [Symbol.dispose]: () => {
      if (open) all.stop();
      open = false;
    },
  };
}

/** Wraps an output as a stream for the progress bars. */
function terminal(output: Output): NodeJS.WritableStream {
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      output.write(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY: true, columns: output.columns });
}
