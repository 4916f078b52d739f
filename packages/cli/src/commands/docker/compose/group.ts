import type { Service } from '@gantry/core/model';
import type { Command } from 'commander';
import { repeatable } from '../../../input/repeatable.ts';
import { parseDuration } from '../../../output/duration.ts';
import { CliError } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import { membersOf } from '../../../stack/members.ts';
import { findStack, type StackFiles } from '../../../stack/read-stack.ts';
import { keyOf, ONE_OFF_LABEL } from '../../../stack/select.ts';
import type { Act } from '../../entry.ts';

export interface FileFlags {
  readonly file?: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly envFile?: readonly string[];
  readonly profile?: readonly string[];
  readonly lenient?: boolean;
}

/** Helpers for the commands of `gantry compose`. */
export interface Group {
  readonly act: Act;
  /** Declares a command with the options that select the project. */
  add(name: string, description: string, options?: { readonly short?: readonly string[] }): Command;
  /** The selected project; the options may precede or follow the command's name. */
  filesOf(flags: FileFlags): StackFiles;
}

/** How long `stop`, `restart` and `down` wait. */
export const WAIT_MS = 120_000;

export function groupOf(command: Command, act: Act): Group {
  declareFiles(command, ['f', 'p']);
  return {
    act,
    add: (name, description, { short = ['f', 'p'] } = {}) =>
      declareFiles(command.command(name).description(description), short),
    filesOf: (flags) => {
      const all = { ...command.opts<FileFlags>(), ...flags };
      return {
        files: all.file,
        name: all.projectName,
        directory: all.projectDirectory,
        envFiles: all.envFile,
        profiles: all.profile,
        lenient: all.lenient,
      };
    },
  };
}

/** Declares the project options. If a command uses a short option otherwise, only its long form is declared. */
function declareFiles(command: Command, short: readonly string[]): Command {
  const flag = (letter: string, long: string): string =>
    short.includes(letter) ? `-${letter}, ${long}` : long;
  return command
    .addOption(
      repeatable(
        flag('f', '--file <file>'),
        'Compose file, "-" for standard input (default: COMPOSE_FILE, or the usual names here or above)',
      ),
    )
    .option(
      flag('p', '--project-name <name>'),
      'name of the project (default: from the file or its directory)',
    )
    .option('--project-directory <path>', "what paths are relative to (default: the first file's directory)")
    .addOption(repeatable('--env-file <file>', 'file with variables instead of .env'))
    .addOption(repeatable('--profile <profile>', 'active profile, "*" for all (default: COMPOSE_PROFILES)'))
    .option('--lenient', 'omit unsupported fields instead of rejecting the file');
}

/** Returns the stored services of a project by their names in the file (default: all of them). */
export async function storedServices(
  cx: Cx,
  files: StackFiles,
  names: readonly string[],
): Promise<readonly Service[]> {
  const { name } = await findStack(cx, files);
  const members = await membersOf(cx, name);
  const services = members.services.filter(({ meta }) => meta.labels[ONE_OFF_LABEL] === undefined);
  const found = new Set(services.map(keyOf));
  const missing = names.find((one) => !found.has(one));
  if (missing !== undefined)
    throw new CliError(
      'NOT_FOUND',
      `no such service: ${missing} in the project ${name}`,
      found.size === 0 ? 'bring it up with `gantry compose up`' : `it has ${[...found].sort().join(', ')}`,
    );
  return services.filter((service) => names.length === 0 || names.includes(keyOf(service)));
}

/** Parses a duration, or seconds as in Docker. */
export function seconds(text: string, flag: string): number {
  return parseDuration(/^\d+$/.test(text) ? `${text}s` : text, flag);
}
