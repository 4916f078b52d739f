import { type Command, CommanderError } from 'commander';
import type { Act } from './commands/entry.ts';
import type { Io } from './io/io.ts';
import { colorsFor } from './output/colors.ts';
import { EXIT, exitCodeOf } from './output/exit-codes.ts';
import { problemOf } from './output/problem.ts';
import { renderProblem } from './output/render-problem.ts';
import { buildProgram, commandWord, globalsOf } from './program.ts';
import { type Cx, openSession } from './session.ts';

/**
 * Runs one command line, without the program's own name, and answers its exit code. Everything it touches is in `io`,
 * so several may run in one process.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  let session: Cx | undefined;
  const act: Act =
    (command) =>
    async (...args) => {
      const self = args.at(-1) as Command;
      session = openSession(io, globalsOf(self));
      const operands = args.slice(0, -2) as unknown as Parameters<typeof command>[1];
      const answer = await command(session, operands, self.opts());
      // A watch that Ctrl-C ends has ended well, and yet was cut off.
      code = answer ?? (io.signal.aborted ? EXIT.interrupted : EXIT.ok);
    };
  try {
    const word = commandWord(argv);
    const program = await buildProgram(word === 'complete' ? 'all' : word, act);
    attach(program, io);
    if (argv.length === 0) program.outputHelp();
    else if (word === 'complete') {
      const { complete } = await import('./completion/complete.ts');
      session = openSession(io, { color: false });
      await complete(session, program, argv.slice(argv.indexOf('--') + 1));
    } else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    code = report(error, io);
  } finally {
    await session?.close().catch(() => undefined); // what was asked for is done
  }
  return code;
}

/** Shows an error and answers its exit code. */
function report(error: unknown, io: Io): number {
  const problem = problemOf(error);
  const interrupted = io.signal.aborted && ['ABORTED', 'ABORT_ERR', 'CLOSED'].includes(problem.code);
  if (interrupted) return EXIT.interrupted;
  io.stderr.write(renderProblem(problem, colorsFor(io.stderr, io.env)));
  return exitCodeOf(problem.code);
}

/** Gives commander our ends in place of the process's, in the whole tree. */
function attach(command: Command, io: Io): void {
  const colors = colorsFor(io.stderr, io.env);
  command
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) =>
        write(`${colors.red('error:')} ${colors.bold('USAGE')} ${text.replace(/^error: /, '')}`),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => colorsFor(io.stdout, io.env).isColorSupported,
      getErrHasColors: () => colors.isColorSupported,
    });
  for (const each of command.commands) attach(each, io);
}
