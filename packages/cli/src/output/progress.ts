import { Writable } from 'node:stream';
import type { Output } from '../io/io.ts';
import type { Cx } from '../session.ts';

/** Shows how far something has come: a bar on a terminal, else a line for each change. */
export interface Progress extends Disposable {
  update(done: number, total: number, message: string): void;
}

/** @param label what it is about: `web`, `node-1` */
export async function openProgress(cx: Cx, label: string): Promise<Progress> {
  const { stderr } = cx.io;
  return stderr.isTTY ? await bar(stderr, label) : lines(cx, label);
}

function lines(cx: Cx, label: string): Progress {
  let last = '';
  return {
    update: (_done, _total, message) => {
      if (message !== last) cx.note(`${label}: ${message}`);
      last = message;
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function bar(output: Output, label: string): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const single = new cliProgress.SingleBar({
    format: `${label} {bar} {value}/{total} {message}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    gracefulExit: false,
    stream: terminal(output),
  });
  let running = false;
  return {
    update: (done, total, message) => {
      if (!running) single.start(Math.max(total, 1), done, { message });
      running = true;
      single.setTotal(Math.max(total, 1));
      single.update(done, { message });
    },
    [Symbol.dispose]: () => {
      if (running) single.stop();
      running = false;
    },
  };
}

/** Our output as the stream that the bar wants. */
function terminal(output: Output): NodeJS.WritableStream {
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      output.write(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY: true, columns: output.columns });
}
