import { basename, dirname, join as joinPath, resolve } from 'node:path';
import { GantryError } from '@gantry/core';
import { join, Log } from '../model/log.ts';
import { refused } from '../model/problem.ts';
import { child, type Dict, isNull, kindOf, type Tree } from '../model/tree.ts';
import { interpolate } from '../syntax/interpolate.ts';
import { parseYaml } from '../syntax/parse-yaml.ts';
import { Loader } from './loader.ts';
import type { ComposeProject } from './project.ts';
import { locate, type ReadText } from './reader.ts';
import { readVariables } from './variables.ts';

export interface LoadComposeOptions {
  /** Later files are merged over earlier ones. Without any, the usual names are looked for in `directory`. */
  readonly files?: readonly string[];
  /** What relative paths are relative to; the folder of the first file otherwise. */
  readonly directory?: string;
  /** Otherwise `COMPOSE_PROJECT_NAME`, `name` of the files, or the name of the folder. */
  readonly projectName?: string;
  /** Active profiles, `*` for all; otherwise those of `COMPOSE_PROFILES`, parted by commas. */
  readonly profiles?: readonly string[];
  /** Variables, such as `process.env`; they go before those of the `.env` file. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly read: ReadText;
}

/** In the order of preference; the second of a pair is merged over the first. */
const USUAL: readonly (readonly [string, string])[] = Object.freeze([
  ['compose.yaml', 'compose.override.yaml'],
  ['compose.yml', 'compose.override.yml'],
  ['docker-compose.yaml', 'docker-compose.override.yaml'],
  ['docker-compose.yml', 'docker-compose.override.yml'],
]);

const PROJECT_NAME = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * Reads a Compose project: its files, `.env`, and the files they extend and include.
 *
 * @throws `INVALID_OBJECT` with every problem and its place; `NOT_FOUND` if no file was named and none was found.
 */
export async function loadCompose(options: LoadComposeOptions): Promise<ComposeProject> {
  const { read } = options;
  const log = new Log();
  const files = options.files ?? (await usualFiles(options.directory ?? '.', read));
  if (files.length === 0) throw new GantryError('NOT_FOUND', 'compose: no file was named');
  const directory = options.directory ?? dirname(files[0] as string);
  const given = new Map(
    Object.entries(options.env ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const variables = await readVariables(
    [{ file: locate(directory, '.env'), required: false }],
    given,
    read,
    log,
  );
  const name = await nameOf(options, files, directory, variables, log);
  variables.set('COMPOSE_PROJECT_NAME', name);
  const model = await new Loader(read, log).load({ files, directory, variables });
  const { services, inactive } = activeServices(model, profilesOf(options, variables), log);
  const contents = await readContents(model, services, read);
  if (log.invalids.length > 0) throw refused(`compose project "${name}"`, log.invalids);
  const root = resolve('.');
  return { name, root, files: [...files], services, inactive, notes: log.problems, model, contents };
}

async function usualFiles(directory: string, read: ReadText): Promise<string[]> {
  for (const [base, override] of USUAL) {
    const file = joinPath(directory, base);
    if ((await read(file)) === undefined) continue;
    const over = joinPath(directory, override);
    return (await read(over)) === undefined ? [file] : [file, over];
  }
  const names = USUAL.map(([base]) => base).join(', ');
  throw new GantryError('NOT_FOUND', `compose: there is none of ${names} in "${directory}"`);
}

/** `name` is needed before the files can be interpolated, so it is read on its own. */
async function nameOf(
  { projectName, read }: LoadComposeOptions,
  files: readonly string[],
  directory: string,
  variables: ReadonlyMap<string, string>,
  log: Log,
): Promise<string> {
  const told = projectName ?? variables.get('COMPOSE_PROJECT_NAME');
  let name = told;
  let where = { source: { file: files[0] as string, directory, variables }, line: 1, column: 1 };
  for (const file of told === undefined ? files : []) {
    const text = await read(file);
    // What is wrong with the file is said when it is read in earnest.
    const written = child(parseYaml(text ?? '', { file, directory, variables }, new Log()), 'name');
    if (written?.kind !== 'scalar' || written.value === null) continue;
    const { text: value } = interpolate(written.text, (variable) => variables.get(variable));
    [name, where] = [value, written.at];
  }
  if (name !== undefined && name !== '') {
    if (!PROJECT_NAME.test(name)) {
      log.invalid(
        where,
        'name',
        `expected lower-case letters, digits, dashes and underscores, got "${name}"`,
      );
    }
    return name;
  }
  const folder = basename(resolve(directory))
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
  if (folder === '') log.invalid(where, 'name', 'the folder gives no name: a name is needed');
  return folder;
}

function profilesOf(
  { profiles }: LoadComposeOptions,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  if (profiles !== undefined) return profiles;
  return (variables.get('COMPOSE_PROFILES') ?? '').split(',').filter((profile) => profile !== '');
}

/** Services without profiles, and those with an active one. */
function activeServices(
  model: Dict,
  profiles: readonly string[],
  log: Log,
): { services: readonly string[]; inactive: readonly string[] } {
  const all = child(model, 'services');
  const names = all?.kind === 'dict' ? [...all.entries.keys()] : [];
  const services = names.filter((name) => {
    const wanted = child(child(all, name), 'profiles');
    if (wanted === undefined || isNull(wanted)) return true;
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

/** Env and label files, so that what follows needs no files. */
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
