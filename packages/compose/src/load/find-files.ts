import { dirname, join, resolve } from 'node:path';
import { GantryError } from '@gantry/core';
import type { Log } from '../model/log.ts';
import { locate, type ReadText } from './reader.ts';

/** Usual file names, in order of preference. */
const USUAL: readonly string[] = Object.freeze([
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
]);
/** Usual names of override files; each may accompany any of the names above. */
const OVERRIDES: readonly string[] = Object.freeze([
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]);
const MAX_PARENTS = 100;

/** The files in `COMPOSE_FILE`, relative to `cwd`; undefined if it is not set. */
export function filesOfVariable(
  variables: ReadonlyMap<string, string>,
  cwd: string,
): readonly string[] | undefined {
  const text = variables.get('COMPOSE_FILE') ?? '';
  const separator = variables.get('COMPOSE_PATH_SEPARATOR') || ':';
  const files = text.split(separator).filter((file) => file.trim() !== '');
  return files.length === 0 ? undefined : files.map((file) => (file === '-' ? file : locate(cwd, file)));
}

/**
 * Finds the file with one of the usual names, and its override file, in a directory or in its nearest parent that has
 * one.
 * @throws `NOT_FOUND` if there is none
 */
export async function findFiles(from: string, read: ReadText, log: Log): Promise<readonly string[]> {
  let directory = from;
  for (let level = 0; level < MAX_PARENTS; level++) {
    const [file, ...others] = await existing(directory, USUAL, read);
    if (file !== undefined) {
      noteOthers(file, others, log);
      const [override, ...rest] = await existing(directory, OVERRIDES, read);
      if (override === undefined) return [file];
      noteOthers(override, rest, log);
      return [file, override];
    }
    const parent = join(directory, '..');
    if (resolve(parent) === resolve(directory)) break;
    directory = parent;
  }
  throw new GantryError(
    'NOT_FOUND',
    `compose: there is none of ${USUAL.join(', ')} in "${from}" or a directory above it`,
  );
}

async function existing(
  directory: string,
  names: readonly string[],
  read: ReadText,
): Promise<readonly string[]> {
  const paths = names.map((name) => join(directory, name));
  const texts = await Promise.all(paths.map(read));
  return paths.filter((_, index) => texts[index] !== undefined);
}

function noteOthers(file: string, others: readonly string[], log: Log): void {
  if (others.length === 0) return;
  const source = { file, directory: dirname(file), variables: new Map<string, string>() };
  log.add('note', { source, line: 1, column: 1 }, '', `used instead of ${others.join(', ')}`);
}
