import { basename, dirname } from 'node:path';
import { usage } from '../output/problem.ts';

/** One side of a copy. */
export type Place = { readonly path: string } | { readonly workload: string; readonly path: string };

/** A task's side of a copy: `task/web.1.x:/etc`. */
export type RemotePlace = Extract<Place, { workload: string }>;

/** Parses `TASK:PATH` or a local path; a local path that contains a colon must begin with `/`, `./` or `../`. */
export function parsePlace(word: string): Place {
  const colon = word.indexOf(':');
  if (colon <= 0 || /^(\.{0,2}\/|~)/.test(word)) {
    if (word === '') throw usage('expected a path, or TASK:PATH');
    return { path: word };
  }
  const path = word.slice(colon + 1);
  if (path === '') throw usage(`expected a path behind the colon of "${word}"`);
  return { workload: word.slice(0, colon), path };
}

export const isRemote = (place: Place): place is RemotePlace => 'workload' in place;

/** Splits a path into its directory and name; the name is `.` for the content of a directory (`dir/.`, `/`). */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  if (/(^|\/)\.\/?$/.test(path) || /^\/+$/.test(path)) return { folder: path, name: '.' };
  return { folder: dirname(path), name: basename(path) };
}
