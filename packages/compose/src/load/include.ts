import { dirname } from 'node:path';
import { join, type Log } from '../model/log.ts';
import { child, type Dict, type Entry, isNull, kindOf, type Place, plain, type Tree } from '../model/tree.ts';
import { locate } from './reader.ts';

/** One entry of `include`, with all paths resolved. */
export interface Inclusion {
  readonly files: readonly string[];
  readonly directory: string;
  /** Undefined: the `.env` file of the directory, if there is one. */
  readonly envFiles: readonly string[] | undefined;
  readonly at: Place;
  readonly path: string;
}

/** Reads `include`, in its short and long form. */
export function inclusionsOf(model: Dict, log: Log): readonly Inclusion[] {
  const include = model.entries.get('include')?.value;
  if (include === undefined || isNull(include)) return [];
  if (include.kind !== 'list') {
    log.invalid(include.at, 'include', `expected a list, got ${kindOf(include)}`);
    return [];
  }
  return include.items.flatMap((item, index) => {
    const path = join('include', index);
    const { directory } = item.at.source;
    const short = item.kind === 'scalar';
    const files = textsOf(short ? item : child(item, 'path'));
    const [first] = files;
    if (first === undefined) {
      log.invalid(item.at, path, `expected a path, got ${kindOf(item)}`);
      return [];
    }
    const own = short ? undefined : textsOf(child(item, 'project_directory'))[0];
    const envFiles = short ? [] : textsOf(child(item, 'env_file'));
    return [
      {
        files: files.map((file) => locate(directory, file)),
        directory: own === undefined ? dirname(locate(directory, first)) : locate(directory, own),
        envFiles: envFiles.length === 0 ? undefined : envFiles.map((file) => locate(directory, file)),
        at: item.at,
        path,
      },
    ];
  });
}

const SECTIONS: readonly string[] = Object.freeze([
  'services',
  'networks',
  'volumes',
  'secrets',
  'configs',
  'models',
]);

/** Adds the declarations of an included project. A name declared in both must have the same value in both. */
export function addIncluded(model: Dict, included: Dict, { at, path }: Inclusion, log: Log): Dict {
  const entries = new Map(model.entries);
  for (const [section, { at: here, value }] of included.entries) {
    if (!SECTIONS.includes(section) || value.kind !== 'dict') continue;
    const own = entries.get(section)?.value;
    const merged = new Map<string, Entry>(own?.kind === 'dict' ? own.entries : []);
    for (const [name, entry] of value.entries) {
      const before = merged.get(name);
      if (before === undefined) merged.set(name, entry);
      else if (JSON.stringify(plain(before.value)) !== JSON.stringify(plain(entry.value))) {
        const { source, line } = before.at;
        log.invalid(
          at,
          path,
          `brings ${section}.${name} along, which ${source.file}:${line} declares otherwise`,
        );
      }
    }
    const base: Dict = own?.kind === 'dict' ? own : { ...value, entries: new Map() };
    entries.set(section, { at: entries.get(section)?.at ?? here, value: { ...base, entries: merged } });
  }
  return { ...model, entries };
}

function textsOf(tree: Tree | undefined): readonly string[] {
  if (tree === undefined) return [];
  if (tree.kind === 'list') return tree.items.flatMap(textsOf);
  return tree.kind === 'scalar' && tree.value !== null ? [tree.text] : [];
}
