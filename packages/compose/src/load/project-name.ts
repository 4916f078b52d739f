import { basename, resolve } from 'node:path';
import { Log } from '../model/log.ts';
import { child } from '../model/tree.ts';
import { interpolate } from '../syntax/interpolate.ts';
import { parseDocuments } from '../syntax/parse-yaml.ts';
import type { ReadText } from './reader.ts';

const PROJECT_NAME = /^[a-z0-9][a-z0-9_-]*$/;

export interface NameOptions {
  /** Name given by the caller; overrides all other sources. */
  readonly projectName: string | undefined;
  readonly files: readonly string[];
  readonly directory: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly read: ReadText;
}

/**
 * Determines the name of a project: the given one, `COMPOSE_PROJECT_NAME`, `name` of the last file that has one, or the
 * name of its directory.
 */
export async function projectNameOf(options: NameOptions, log: Log): Promise<string> {
  const { projectName, files, directory, variables, read } = options;
  const told = projectName ?? (variables.get('COMPOSE_PROJECT_NAME') || undefined);
  let name = told;
  let where = { source: { file: files[0] as string, directory, variables }, line: 1, column: 1 };
  // `name` is needed before the files can be interpolated, so it is read separately.
  for (const file of told === undefined ? files : []) {
    const text = await read(file);
    // Problems in the file are reported when it is loaded.
    for (const document of parseDocuments(text ?? '', { file, directory, variables }, new Log())) {
      const written = child(document, 'name');
      if (written?.kind !== 'scalar' || written.value === null) continue;
      const { text: value } = interpolate(written.text, (variable) => variables.get(variable));
      [name, where] = [value, written.at];
    }
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
  const fromDirectory = basename(resolve(directory))
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
  if (fromDirectory === '') log.invalid(where, 'name', 'the directory gives no name: a name is needed');
  return fromDirectory;
}
