import { nodeIo } from './io/node-io.ts';
import { run } from './main.ts';
import { EXIT } from './output/exit-codes.ts';

/** The program: runs a command line on this process's terminal, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  // A terminal that is closed sends SIGHUP more than once; only who presses Ctrl-C again does not want to wait.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort(signal));
  process.once('SIGINT', () => {
    interrupt.abort('SIGINT');
    process.on('SIGINT', () => process.exit(EXIT.interrupted));
  });
  let unread = false;
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', () => {
      unread = true; // whoever read our output has seen enough, or the terminal is gone: end as if told to
      interrupt.abort('nobody reads');
    });
  }
  const code = await run(argv, nodeIo(interrupt.signal));
  process.stdout.write('', () => process.exit(unread ? EXIT.ok : code));
}
