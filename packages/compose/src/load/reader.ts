import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { GantryError } from '@gantry/core';

/** Reads a file as text; undefined if it does not exist. */
export type ReadText = (path: string) => Promise<string | undefined>;

/** Returns a reader of the file system. */
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

/** Resolves a path in a file, relative to the directory that applies to that file. */
export function locate(directory: string, path: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/**
 * Expands `~` and `~/x` with the home directory of `variables`; undefined if it is unknown. Returns other paths
 * unchanged.
 */
export function expandHome(path: string, variables: ReadonlyMap<string, string>): string | undefined {
  if (path !== '~' && !path.startsWith('~/')) return path;
  const home = variables.get('HOME');
  return home === undefined ? undefined : join(home, path.slice(1));
}
