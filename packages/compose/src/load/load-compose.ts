import { dirname, resolve } from 'node:path';
import { GantryError } from '@gantry/core';
import { join, Log } from '../model/log.ts';
import { refused } from '../model/problem.ts';
import { child, type Dict, isNull, kindOf, type Tree } from '../model/tree.ts';
import { filesOfVariable, findFiles } from './find-files.ts';
import { Loader } from './loader.ts';
import type { ComposeProject } from './project.ts';
import { projectNameOf } from './project-name.ts';
import { locate, type ReadText } from './reader.ts';
import { readVariables } from './variables.ts';

/** Options of `loadCompose`. */
export interface LoadComposeOptions {
  /**
   * Compose files; later ones are merged over earlier ones. Default: those of `COMPOSE_FILE`, else a usual name
   * (`compose.yaml` …) with its override file in `directory`, in `cwd`, or in the nearest directory above.
   */
  readonly files?: readonly string[];
  /** Base of relative paths in the files (default: the directory of the first file). */
  readonly directory?: string;
  /** Base of relative paths in `COMPOSE_FILE` and of env files (default: `directory`, else `.`). */
  readonly cwd?: string;
  /** Name of the project (default: `COMPOSE_PROJECT_NAME`, `name` of the files, or the name of the directory). */
  readonly projectName?: string;
  /** Active profiles, `*` for all (default: those of `COMPOSE_PROFILES`, separated by commas). */
  readonly profiles?: readonly string[];
  /** Services that are active whatever their profiles. */
  readonly enabled?: readonly string[];
  /** Variables, such as `process.env`; they override those of env files. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Files with variables; later ones override earlier ones. Default: those of `COMPOSE_ENV_FILES` (of `env` only), else
   * `.env` in `directory`, unless `COMPOSE_DISABLE_ENV_FILE` is set.
   */
  readonly envFiles?: readonly string[];
  /** Returns the content of a file, or undefined if it does not exist. */
  readonly read: ReadText;
}

/**
 * Loads a Compose project: its files, env files, and the files that they extend and include.
 * @throws `INVALID_OBJECT` with every problem and its place; `NOT_FOUND` if no file was named and none was found.
 */
export async function loadCompose(options: LoadComposeOptions): Promise<ComposeProject> {
  const { read, projectName } = options;
  const log = new Log();
  if (options.files?.length === 0) throw new GantryError('NOT_FOUND', 'compose: no file was named');
  const cwd = options.cwd ?? options.directory ?? '.';
  const start = options.directory ?? (options.files === undefined ? cwd : directoryOf(options.files, cwd));
  let variables = await firstVariables(options, cwd, start, log);
  const files = options.files ?? filesOfVariable(variables, cwd) ?? (await findFiles(start, read, log));
  const directory = options.directory ?? directoryOf(files, cwd);
  if (resolve(directory) !== resolve(start) && usesDotEnv(options)) {
    variables = await readVariables([dotEnv(directory)], variables, read, log);
  }
  const name = await projectNameOf({ projectName, files, directory, variables, read }, log);
  variables.set('COMPOSE_PROJECT_NAME', name);
  const model = await new Loader(read, log).load({ files, directory, variables });
  const { services, inactive } = activeServices(model, profilesOf(options, variables), options, log);
  const contents = await readContents(model, services, read);
  if (log.invalids.length > 0) throw refused(`compose project "${name}"`, log.invalids);
  const root = resolve('.');
  return { name, root, files: [...files], services, inactive, notes: log.problems, model, contents };
}

function directoryOf([first = '-']: readonly string[], cwd: string): string {
  return first === '-' ? cwd : dirname(first);
}

function dotEnv(directory: string): { readonly file: string; readonly required: boolean } {
  return { file: locate(directory, '.env'), required: false };
}

function givenFiles({ envFiles, env }: LoadComposeOptions): readonly string[] {
  if (envFiles !== undefined && envFiles.length > 0) return envFiles;
  return (env?.COMPOSE_ENV_FILES ?? '').split(',').filter((file) => file.trim() !== '');
}

function usesDotEnv(options: LoadComposeOptions): boolean {
  const disabled = ['1', 'true'].includes((options.env?.COMPOSE_DISABLE_ENV_FILE ?? '').toLowerCase());
  return !disabled && givenFiles(options).length === 0;
}

/** The caller's variables, and those of the env files that apply before any Compose file is read. */
async function firstVariables(
  options: LoadComposeOptions,
  cwd: string,
  directory: string,
  log: Log,
): Promise<Map<string, string>> {
  const given = new Map(
    Object.entries(options.env ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const named = givenFiles(options).map((file) => ({ file: locate(cwd, file), required: true }));
  const files = usesDotEnv(options) ? [dotEnv(directory)] : named;
  return readVariables(files, given, options.read, log);
}

function profilesOf(
  { profiles }: LoadComposeOptions,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  if (profiles !== undefined) return profiles;
  const profilesText = variables.get('COMPOSE_PROFILES') ?? '';
  return profilesText
    .split(',')
    .map((profile) => profile.trim())
    .filter((profile) => profile !== '');
}

/** Services without profiles, and services with an active profile. */
function activeServices(
  model: Dict,
  profiles: readonly string[],
  { enabled = [] }: LoadComposeOptions,
  log: Log,
): { services: readonly string[]; inactive: readonly string[] } {
  const all = child(model, 'services');
  const names = all?.kind === 'dict' ? [...all.entries.keys()] : [];
  const services = names.filter((name) => {
    const wanted = child(child(all, name), 'profiles');
    if (wanted === undefined || isNull(wanted) || enabled.includes(name)) return true;
    if (wanted.kind !== 'list') {
      log.invalid(
        wanted.at,
        join(join('services', name), 'profiles'),
        `expected a list, got ${kindOf(wanted)}`,
      );
      return false;
    }
    if (wanted.items.length === 0 || profiles.includes('*')) return true;
    return wanted.items.some((profile) => profile.kind === 'scalar' && profiles.includes(profile.text));
  });
  return { services, inactive: names.filter((name) => !services.includes(name)) };
}

/** Reads env and label files, so that the conversion needs no access to files. */
async function readContents(
  model: Dict,
  services: readonly string[],
  read: ReadText,
): Promise<ReadonlyMap<string, string | undefined>> {
  const contents = new Map<string, string | undefined>();
  for (const name of services) {
    const service = child(child(model, 'services'), name);
    for (const path of [child(service, 'env_file'), child(service, 'label_file')].flatMap(pathsOf)) {
      if (!contents.has(path)) contents.set(path, await read(path));
    }
  }
  return contents;
}

function pathsOf(tree: Tree | undefined): readonly string[] {
  if (tree === undefined) return [];
  if (tree.kind === 'list') return tree.items.flatMap(pathsOf);
  const path = tree.kind === 'dict' ? child(tree, 'path') : tree;
  if (path?.kind !== 'scalar' || path.value === null) return [];
  return [locate(path.at.source.directory, path.text)];
}
