import { idOf, type LogLine } from '@gantry/core';
import type { Command } from 'commander';
import { parseCount } from '../../input/key-values.ts';
import { repeatable } from '../../input/repeatable.ts';
import { parseDuration } from '../../output/duration.ts';
import { parseFormat, renderData, renderYaml } from '../../output/format.ts';
import { CliError } from '../../output/problem.ts';
import type { Cx } from '../../session.ts';
import { deployStack } from '../../stack/deploy.ts';
import { membersOf } from '../../stack/members.ts';
import { readStack, type StackFiles } from '../../stack/read-stack.ts';
import { removeMembers } from '../../stack/remove.ts';
import type { Define } from '../entry.ts';
import { type LogsOptions, showLine } from '../logs.ts';
import { showTasksOf } from './service-show.ts';

interface FileFlags {
  readonly file?: readonly string[];
  readonly projectName?: string;
  readonly profile?: readonly string[];
  readonly lenient?: boolean;
}

interface UpFlags extends FileFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly detach?: boolean;
  readonly timeout?: string;
}

/** `gantry compose up|down|ps|logs|convert`. */
export const compose: Define = (command, act) => {
  // Docker lets them stand before the word that says what to do, too.
  files(command);
  const filesOf = (flags: FileFlags): StackFiles => toFiles({ ...command.opts<FileFlags>(), ...flags });
  files(command.command('up').description('Bring the services of a Compose file up, or up to date'))
    .option('--dry-run', 'do all but store')
    .option('--force', 'take over fields that somebody else has set')
    .option('-d, --detach', 'do not wait until the services are up')
    .option('--timeout <duration>', 'give up waiting after DURATION (default: 10m)')
    .action(
      act<[], UpFlags>(async (cx, _, flags) => {
        const { timeout } = flags;
        await deployStack(cx, await readStack(cx, filesOf(flags)), {
          ...flags,
          timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
        });
      }),
    );
  files(command.command('down').description('Remove the services and networks of a Compose file')).action(
    act<[], FileFlags>(async (cx, _, flags) => {
      const members = await membersOf(cx, await nameOf(cx, filesOf(flags)));
      if (members.services.length + members.networks.length === 0) return cx.note('Nothing to remove.');
      await removeMembers(cx, members);
    }),
  );
  files(command.command('ps').description('List the tasks of a Compose file'))
    .option('-a, --all', 'also those that have ended')
    .action(
      act<[], FileFlags & { all?: boolean }>(async (cx, _, flags) => {
        await showTasksOf(cx, await servicesOf(cx, filesOf(flags), []), flags.all !== true);
      }),
    );
  files(command.command('logs').description('Show what the tasks of a Compose file have written'), false)
    .argument('[services...]', 'services, as the file names them; all without one')
    .option('-f, --follow', 'go on as lines are written')
    .option('--tail <lines>', 'so many lines from the end of each task')
    .option('-t, --timestamps', 'each line with its time')
    .option('--no-log-prefix', 'lines without their task and node')
    .action(
      act<[string[]], FileFlags & LogsOptions & { logPrefix: boolean }>((cx, [names], flags) =>
        logs(cx, names, filesOf(flags), flags),
      ),
    );
  files(command.command('convert').description("Show a Compose file as Gantry's objects"))
    .option('-o, --output <format>', 'yaml, json, name, jsonpath=TEMPLATE')
    .action(
      act<[], FileFlags & { output?: string }>(async (cx, _, flags) => {
        const format = parseFormat(flags.output ?? 'yaml');
        const { objects } = await readStack(cx, filesOf(flags));
        if (format.type === 'table')
          throw new CliError('USAGE', '-o: expected yaml, json, name or jsonpath=TEMPLATE');
        if (format.type === 'yaml') {
          for (const object of objects) cx.io.stdout.write(`---\n${await renderYaml(object)}`);
          return;
        }
        const names = (): string[] => objects.map(({ kind, meta }) => `${kind}/${meta.name}`);
        cx.io.stdout.write(await renderData(format, { kind: 'list', items: objects }, names));
      }),
    );
};

/** Where `-f` means something else, the long form alone is left. */
function files(command: Command, short = true): Command {
  return command
    .addOption(
      repeatable(
        `${short ? '-f, ' : ''}--file <file>`,
        'Compose files; the usual names in this folder without it',
      ),
    )
    .option('--project-name <name>', 'name of the stack; from the file or the folder without it')
    .addOption(repeatable('--profile <profile>', 'profiles that are active'))
    .option('--lenient', 'leave out what cannot be honoured, in place of refusing the file');
}

function toFiles({ file, projectName, profile, lenient }: FileFlags): StackFiles {
  return { files: file, name: projectName, profiles: profile, lenient };
}

/** The name of the stack; whatever else the file says does not matter here. */
async function nameOf(cx: Cx, files: StackFiles): Promise<string> {
  return (await readStack(cx, { ...files, lenient: true })).name;
}

/** Ids of services, which the file names without the stack. */
async function servicesOf(cx: Cx, files: StackFiles, names: readonly string[]): Promise<string[]> {
  const { services } = await membersOf(cx, await nameOf(cx, files));
  const wanted = services.filter(
    ({ meta }) => names.length === 0 || names.includes(meta.labels['gantry.stack.service'] ?? ''),
  );
  const found = new Set(wanted.map(({ meta }) => meta.labels['gantry.stack.service']));
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new CliError(
      'NOT_FOUND',
      `there is no service ${missing} in the stack`,
      'bring it up with `gantry compose up`',
    );
  return wanted.map(({ meta }) => idOf(meta));
}

/** Lines of several services as they come. */
async function logs(
  cx: Cx,
  names: readonly string[],
  files: StackFiles,
  flags: LogsOptions & { readonly logPrefix: boolean },
): Promise<void> {
  const ids = await servicesOf(cx, files, names);
  const api = await cx.api();
  const options = { prefix: flags.logPrefix, timestamps: flags.timestamps === true };
  const tail = flags.tail === undefined ? undefined : parseCount(flags.tail, '--tail');
  const write = (lines: readonly LogLine[]): void =>
    cx.io.stdout.write(lines.map((line) => showLine(line, options, cx.colors)).join(''));
  const read = async (service: string): Promise<void> => {
    const call = { follow: flags.follow, tail, signal: cx.signal };
    for await (const lines of api.logs({ service }, call)) write(lines);
  };
  if (flags.follow === true) await Promise.all(ids.map(read));
  else for (const id of ids) await read(id);
}
