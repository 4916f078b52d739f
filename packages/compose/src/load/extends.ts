import { dirname } from 'node:path';
import { join, type Log } from '../model/log.ts';
import { child, type Dict, type Entry, type Source, type Tree } from '../model/tree.ts';
import { mergeService } from './merge.ts';
import { locate } from './reader.ts';

const MAX_CHAIN = 100;

/** What `extends` needs from the loader. */
export interface ExtendsTools {
  readonly log: Log;
  /** Loads another file, interpolated and in canonical form; undefined if it does not exist. */
  readonly load: (source: Source) => Promise<Dict | undefined>;
}

/** Resolves `extends` of every service of a file. A service missing in the file is looked up in the files before it. */
export async function resolveExtends(
  file: Dict,
  before: Dict | undefined,
  tools: ExtendsTools,
): Promise<Dict> {
  const services = file.entries.get('services');
  if (services?.value.kind !== 'dict') return file;
  const resolved = new Map<string, Entry>();
  for (const [name, entry] of services.value.entries) {
    const value = await resolve(name, entry.value, { file, before }, [], tools);
    resolved.set(name, { ...entry, value });
  }
  const value: Dict = { ...services.value, entries: resolved };
  return { ...file, entries: new Map([...file.entries, ['services', { ...services, value }]]) };
}

interface Scope {
  readonly file: Dict;
  readonly before: Dict | undefined;
}

async function resolve(
  name: string,
  service: Tree,
  scope: Scope,
  chain: readonly Tree[],
  tools: ExtendsTools,
): Promise<Tree> {
  const reference = child(service, 'extends');
  if (reference === undefined || service.kind !== 'dict') return service;
  const { log, load } = tools;
  const path = join(join('services', name), 'extends');
  if (chain.length >= MAX_CHAIN) {
    log.invalid(reference.at, path, `more than ${MAX_CHAIN} services extend one another`);
    return service;
  }
  if (chain.includes(service)) {
    log.invalid(reference.at, path, 'extends itself in a circle');
    return service;
  }
  const wanted = textOf(child(reference, 'service'));
  const file = textOf(child(reference, 'file'));
  if (wanted === undefined) {
    log.invalid(reference.at, path, 'expected the name of a service');
    return service;
  }
  let within: Scope = scope;
  if (file !== undefined) {
    const { directory, variables } = reference.at.source;
    const located = locate(directory, file);
    const other = await load({ file: located, directory: dirname(located), variables });
    if (other === undefined) {
      log.invalid(reference.at, path, `file "${located}" not found`);
      return service;
    }
    within = { file: other, before: undefined };
  }
  const base =
    child(child(within.file, 'services'), wanted) ?? child(child(within.before, 'services'), wanted);
  if (base === undefined || base.kind !== 'dict') {
    log.invalid(
      reference.at,
      path,
      `service "${wanted}" not found in ${file === undefined ? 'the file' : `"${file}"`}`,
    );
    return service;
  }
  const extended = await resolve(wanted, base, within, [...chain, service], tools);
  if (extended.kind !== 'dict') return service;
  const { entries } = extended;
  const inherited = { ...extended, entries: new Map([...entries].filter(([key]) => key !== 'extends')) };
  return mergeService(inherited, service, name, log);
}

function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && tree.value !== null ? tree.text : undefined;
}
