import { idOf } from '@gantry/core/model';
import { pickTask } from '../cluster/pick-task.ts';
import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { splitPair } from '../input/key-values.ts';
import { repeatable } from '../input/repeatable.ts';
import type { Io } from '../io/io.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

export interface ExecFlags {
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
}

/** Defines `gantry exec [-it] TASK|SERVICE -- COMMAND…`, which exits with the command's exit code. */
export const exec: Define = (command, act) => {
  command
    .argument('<workload>', 'service/NAME (one of its tasks), task/NAME, or the name alone')
    .argument('<command...>', 'the command and its arguments')
    .option('-i, --stdin', 'pass on standard input')
    .option('-t, --tty', 'with a terminal')
    .addOption(repeatable('-e, --env <variable>', 'NAME=VALUE, or NAME from this environment'))
    .option('-u, --user <user>', "user or user:group, by name or number (default: the task's)")
    .option('-w, --workdir <path>', "absolute path of the directory (default: the task's)")
    .passThroughOptions()
    .usage('[options] <workload> -- <command...>')
    .action(
      act<[string, string[]], ExecFlags>(async (cx, [word, words], options) => {
        const { kind, id } = await parseWorkload(cx, word, ['service', 'task']);
        const task = kind === 'task' ? id : idOf((await pickTask(cx, id)).meta);
        return execIn(cx, task, words[0] === '--' ? words.slice(1) : words, options);
      }),
    );
};

/** Runs a command in a task, and returns its exit code. */
export async function execIn(
  cx: Cx,
  task: string,
  command: readonly string[],
  options: ExecFlags,
): Promise<number> {
  const { io } = cx;
  if (command.length === 0) throw usage('expected a command behind --');
  const tty = options.tty === true && io.stdin.isTTY;
  if (options.tty === true && !tty) cx.warn('no terminal is used: standard input is none');
  const api = await cx.api();
  const left = new AbortController();
  // On a terminal, Ctrl-C is an ordinary key that is sent to the command.
  const signal = tty ? left.signal : AbortSignal.any([left.signal, cx.signal]);
  const session = await withSuggestion(cx, 'task', task, () =>
    api.exec(task, {
      command,
      tty,
      env: envOf(options.env ?? [], io.env),
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(options.workdir === undefined ? {} : { workingDir: options.workdir }),
      ...(options.stdin === true ? { stdin: io.stdin.read() } : {}),
      signal,
    }),
  );
  const restore = tty
    ? rawTerminal(io, (columns, rows) => void session.resize(columns, rows).catch(() => undefined))
    : undefined;
  try {
    const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
    for await (const { stream, data } of session.output) {
      io[stream].write(decoders[stream].decode(data, { stream: true }));
    }
    return await session.exitCode;
  } finally {
    restore?.();
    left.abort();
  }
}

/** Puts the terminal into raw mode, and reports its size whenever it changes. */
function rawTerminal(io: Io, resize: (columns: number, rows: number) => void): () => void {
  io.stdin.setRawMode(true);
  const tell = (): void => resize(io.stdout.columns, io.stdout.rows);
  tell();
  const stop = io.onResize(tell);
  return () => {
    stop();
    io.stdin.setRawMode(false);
  };
}

/** A variable without a value takes it from this environment; if it is not set there, it is omitted. */
function envOf(variables: readonly string[], own: Io['env']): Record<string, string> {
  return Object.fromEntries(
    variables.flatMap((variable) => {
      const [name, value = own[name]] = splitPair(variable);
      if (name === '') throw usage(`-e: expected NAME=VALUE or NAME, got "${variable}"`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
