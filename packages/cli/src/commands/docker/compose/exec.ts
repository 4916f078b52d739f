import { idOf } from '@gantry/core/model';
import { runningTasks } from '../../../cluster/pick-task.ts';
import { repeatable } from '../../../input/repeatable.ts';
import { CliError, usage } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import type { StackFiles } from '../../../stack/read-stack.ts';
import { execIn } from '../../exec.ts';
import { type FileFlags, type Group, storedServices } from './group.ts';
import { unsupported } from './unsupported.ts';

interface Flags extends FileFlags {
  readonly detach?: boolean;
  readonly env?: readonly string[];
  readonly index?: string;
  readonly tty: boolean;
  readonly privileged?: boolean;
  readonly user?: string;
  readonly workdir?: string;
}

/** Defines `gantry compose exec`, which exits with the command's exit code. */
export function defineExec({ add, act, filesOf }: Group): void {
  add('exec', 'Run a command in a task of a service')
    .argument('<service>', 'service of the file')
    .argument('<command...>', 'the command and its arguments')
    .option('-T, --no-tty', 'without a terminal; the default if standard input is none')
    .addOption(repeatable('-e, --env <variable>', 'NAME=VALUE, or NAME from this environment'))
    .option('--index <number>', 'replica of the service, from 1')
    .option('-i, --interactive', 'accepted: standard input is always passed on')
    .option('-w, --workdir <path>', "absolute path of the directory (default: the task's)")
    .option('-u, --user <user>', "user or user:group, by name or number (default: the task's)")
    .option('-d, --detach', 'do not wait for the command: not supported')
    .option('--privileged', 'extended rights: not supported')
    .passThroughOptions()
    .action(
      act<[string, string[]], Flags>((cx, [service, words], flags) =>
        exec(cx, service, words, filesOf(flags), flags),
      ),
    );
}

async function exec(
  cx: Cx,
  name: string,
  words: readonly string[],
  files: StackFiles,
  flags: Flags,
): Promise<number> {
  if (flags.detach !== undefined)
    throw unsupported(
      'compose exec --detach',
      'a command ends with the connection of the client that started it',
      'start a task of its own with `gantry compose run -d SERVICE COMMAND`, or leave a program behind: `gantry compose exec SERVICE sh -c "setsid COMMAND >/dev/null 2>&1 &"`',
    );
  if (flags.privileged !== undefined)
    throw unsupported(
      'compose exec --privileged',
      'a command has the rights of its task',
      'run it as another user with --user, such as --user root',
    );
  const [service] = await storedServices(cx, files, [name]);
  const id = service === undefined ? '' : idOf(service.meta);
  const tasks = await runningTasks(cx, id);
  if (flags.index !== undefined && !/^[1-9]\d{0,7}$/.test(flags.index))
    throw usage(`--index: expected a number from 1, got "${flags.index}"`);
  const task = flags.index === undefined ? tasks[0] : tasks.find(({ spec }) => spec.slot === flags.index);
  if (task === undefined)
    throw new CliError(
      'UNAVAILABLE',
      `service ${id} has no running task${flags.index === undefined ? '' : ` with the index ${flags.index}`}`,
      `see why with \`gantry explain service/${id}\``,
    );
  const { stdin } = cx.io;
  return execIn(cx, idOf(task.meta), words[0] === '--' ? words.slice(1) : words, {
    stdin: true,
    tty: flags.tty && stdin.isTTY,
    env: flags.env ?? [],
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.workdir === undefined ? {} : { workdir: flags.workdir }),
  });
}
