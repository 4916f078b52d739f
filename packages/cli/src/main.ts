import { type Command, CommanderError } from 'commander';
import type { Act } from './commands/entry.ts';
import type { Io } from './io/io.ts';
import { colorsFor } from './output/colors.ts';
import { EXIT, exitCodeOf } from './output/exit-codes.ts';
import type { Failed } from './output/hints.ts';
import { problemOf, usage } from './output/problem.ts';
import { renderProblem } from './output/render-problem.ts';
import { buildProgram, commandWord, globalsOf, isCommand } from './program.ts';
import { type Cx, openSession } from './session.ts';

/**
 * Runs one command line, without the program's own name, and returns its exit code. All its side effects go through
 * `io`, so several command lines may run in one process.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  let session: Cx | undefined;
  let failed: Omit<Failed, 'message'> | undefined;
  const act: Act =
    (command) =>
    async (...args) => {
      const self = args.at(-1) as Command;
      failed = { path: pathOf(self), options: self.options.flatMap(({ long }) => long ?? []) };
      session = openSession(io, globalsOf(self));
      const operands = args.slice(0, -2) as unknown as Parameters<typeof command>[1];
      const answer = await command(session, operands, self.opts());
      // A watch ended by Ctrl-C has not failed, but was interrupted.
      code = answer ?? (io.signal.aborted ? EXIT.interrupted : EXIT.ok);
    };
  try {
    const word = commandWord(argv);
    if (word === undefined && argv.some((each) => each === '--version' || each === '-V')) {
      const { VERSION } = await import('@gantry/core');
      io.stdout.write(`gantry ${VERSION}\n`);
      return EXIT.ok;
    }
    if (word !== undefined && !isCommand(word)) await rejectForeign(word);
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
    code = report(error, io, failed ?? { path: commandWord(argv) ?? '', options: [] });
  } finally {
    await session?.close().catch(() => undefined); // the command itself has succeeded
  }
  return code;
}

/** Names of a command without the program's: `node update`. */
function pathOf(command: Command): string {
  const names: string[] = [];
  for (let each = command; each.parent !== null; each = each.parent) names.unshift(each.name());
  return names.join(' ');
}

/** Prints an error and returns its exit code. */
function report(error: unknown, io: Io, failed: Omit<Failed, 'message'>): number {
  const problem = problemOf(error);
  const interrupted = io.signal.aborted && ['ABORTED', 'ABORT_ERR', 'CLOSED'].includes(problem.code);
  if (interrupted) return EXIT.interrupted;
  io.stderr.write(renderProblem(problem, colorsFor(io.stderr, io.env), failed));
  return exitCodeOf(problem.code);
}

/** @throws a usage error that suggests an alternative, for a command of another orchestrator */
async function rejectForeign(word: string): Promise<void> {
  const { commandAdvice } = await import('./output/field-words.ts');
  const { CORE_KINDS, findKind } = await import('./cluster/kinds.ts');
  const isKind = (each: string): boolean => findKind(each, CORE_KINDS) !== undefined;
  const advice = commandAdvice(word, isKind);
  if (advice !== undefined) throw usage(`unknown command "${word}"`, advice);
}

/** Redirects the output and exit of commander to `io`, in the whole tree of commands. */
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
