import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { GantryError } from '@gantry/core';

/** Reads a file as text; undefined if there is none. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** A reader of the file system. */
export function nodeFiles(): ReadText {
  return async (path) => {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new GantryError('UNAVAILABLE', `compose: cannot read "${path}": ${why}`, { cause });
    }
  };
}

/** A path as a file names it, relative to the folder that counts for that file. */
export function locate(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/** `~` and `~/x` in the home folder of `variables`, undefined if that is not known; other paths as they are. */
export function expandHome(path: string, variables: ReadonlyMap<string, string>): string | undefined {
  if (path !== '~' && !path.startsWith('~/')) return path;
  const home = variables.get('HOME');
  return home === undefined ? undefined : join(home, path.slice(1));
}
