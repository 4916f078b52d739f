import { setMaxListeners } from 'node:events';
import { nodeIo } from './io/node-io.ts';
import { ProcessOutputs } from './io/process-outputs.ts';
import { run } from './main.ts';
import { EXIT } from './output/exit-codes.ts';

/** How long an interrupted process waits for a reader that does not read its output. */
const FLUSH_MS = 1000;

/** Entry point of the program: runs a command line on this process's terminal, and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  setMaxListeners(0, interrupt.signal); // a command may make many calls concurrently
  // A closing terminal sends SIGHUP more than once; only a second Ctrl-C means that the user does not want to wait.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort(signal));
  process.once('SIGINT', () => {
    interrupt.abort('SIGINT');
    process.on('SIGINT', () => process.exit(EXIT.interrupted));
  });
  const outputs = new ProcessOutputs(() => interrupt.abort('the output cannot be written'));
  const io = nodeIo(interrupt.signal, outputs);
  const code = await run(argv, io);
  if (interrupt.signal.aborted) {
    const { clock } = await io.system();
    await Promise.race([outputs.flushed(), clock.sleep(FLUSH_MS)]);
  } else await outputs.flushed();
  process.exit(exitCode(code, outputs));
}

/** A command whose output was lost has not succeeded, whatever else it did. */
function exitCode(code: number, { failure, stderr }: ProcessOutputs): number {
  if (failure === undefined) return code;
  // A reader that closes early, such as `head`, needs no message.
  if (failure !== 'EPIPE') stderr.write(`error: OUTPUT the output could not be written: ${failure}\n`);
  return code === EXIT.ok || code === EXIT.interrupted ? EXIT.failed : code;
}
