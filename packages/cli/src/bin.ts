import { nodeIo } from './io/node-io.ts';
import { run } from './main.ts';
import { EXIT } from './output/exit-codes.ts';

/** The program: runs a command line on this process's terminal, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(EXIT.interrupted); // a second time: at once
      interrupt.abort(signal);
    });
  }
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.ok); // whoever read our output has seen enough
      throw error;
    });
  }
  const code = await run(argv, nodeIo(interrupt.signal));
  process.stdout.write('', () => process.exit(code));
}
