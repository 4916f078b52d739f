import { join, type Log } from '../model/log.ts';
import { child, type Dict, type Entry, isNull, kindOf, type List, plain, type Tree } from '../model/tree.ts';
import { parsePort } from '../syntax/port.ts';
import { parseVolume } from '../syntax/volume.ts';

/**
 * Merges one file over another by the rules of the Compose Specification: mappings by key, lists by appending, texts by
 * replacing, except for `LISTS` and `REPLACED`. Both files are in canonical form.
 */
export function merge(base: Dict, over: Dict, log: Log): Dict {
  return mergeDicts(base, over, [], log);
}

/** Merges one service over another, for `extends`. */
export function mergeService(base: Dict, over: Dict, name: string, log: Log): Dict {
  return mergeDicts(base, over, ['services', name], log);
}

/** Removes values marked `!reset`, and all marks. */
export function settle(model: Dict): Dict {
  return settled(model) as Dict;
}

function settled({ mark: _, ...tree }: Tree): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'list') {
    return { ...tree, items: tree.items.filter(({ mark }) => mark !== 'reset').map(settled) };
  }
  const kept = [...tree.entries].filter(([, { value }]) => value.mark !== 'reset');
  return {
    ...tree,
    entries: new Map(kept.map(([key, { at, value }]) => [key, { at, value: settled(value) }])),
  };
}

type Path = readonly string[];

/** Values that are replaced as a whole. */
const REPLACED: readonly string[] = Object.freeze([
  'services.*.command',
  'services.*.entrypoint',
  'services.*.extends',
  'services.*.healthcheck.test',
]);

/** Values whose form may differ between files. */
const EITHER: readonly string[] = Object.freeze(['services.*.ulimits.*', 'services.*.build.ulimits.*']);

/** Lists that keep duplicates. */
const REPEATING: readonly string[] = Object.freeze([
  'services.*.dns',
  'services.*.dns_search',
  'services.*.env_file',
  'services.*.label_file',
  'services.*.tmpfs',
]);

/** Lists with at most one entry for each key: a later entry replaces the earlier one, or is merged into it. */
const KEYED: Readonly<Record<string, (item: Tree) => string | undefined>> = Object.freeze({
  'services.*.ports': portKey,
  'services.*.volumes': volumeKey,
  'services.*.devices': deviceKey,
  'services.*.secrets': (item: Tree) => grantKey(item, '/run/secrets/'),
  'services.*.configs': (item: Tree) => grantKey(item, '/'),
  'networks.*.ipam.config': (item: Tree) => textOf(item, 'subnet'),
});

function mergeTrees(base: Tree, over: Tree, path: Path, log: Log): Tree {
  const pattern = patternOf(path);
  if (over.mark !== undefined || base.mark === 'reset' || REPLACED.includes(pattern)) return over;
  if (isNull(over)) return base;
  if (isNull(base)) return over;
  if (base.kind === 'dict' && over.kind === 'dict') {
    return pattern === 'services.*.logging'
      ? mergeLogging(base, over, path, log)
      : mergeDicts(base, over, path, log);
  }
  if (base.kind === 'list' && over.kind === 'list') return mergeLists(base, over, path, log);
  if (base.kind !== over.kind && !EITHER.includes(pattern)) {
    log.invalid(over.at, path.reduce(join, ''), `cannot merge ${kindOf(over)} over ${kindOf(base)}`);
  }
  return over;
}

function mergeDicts(base: Dict, over: Dict, path: Path, log: Log): Dict {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of over.entries) {
    const before = base.entries.get(key);
    const value =
      before === undefined ? entry.value : mergeTrees(before.value, entry.value, [...path, key], log);
    entries.set(key, { at: value === before?.value ? before.at : entry.at, value });
  }
  return { ...base, entries };
}

/** The options of a different driver are dropped. */
function mergeLogging(base: Dict, over: Dict, path: Path, log: Log): Dict {
  const [before, after] = [textOf(base, 'driver'), textOf(over, 'driver')];
  if (before !== undefined && after !== undefined && before !== after) return over;
  return mergeDicts(base, over, path, log);
}

function mergeLists(base: List, over: List, path: Path, log: Log): List {
  const pattern = patternOf(path);
  const keyOf = Object.hasOwn(KEYED, pattern) ? KEYED[pattern] : undefined;
  if (REPEATING.includes(pattern)) return { ...base, items: [...base.items, ...over.items] };
  const items = [...base.items];
  const identify = (item: Tree): string => {
    const key = keyOf?.(item);
    return key === undefined ? `=${JSON.stringify(plain(item))}` : `#${key}`;
  };
  const places = new Map<string, number>();
  items.forEach((item, index) => {
    const id = identify(item);
    if (!places.has(id)) places.set(id, index);
  });
  for (const item of over.items) {
    const id = identify(item);
    const at = places.get(id);
    const before = at === undefined ? undefined : items[at];
    if (at === undefined || before === undefined) places.set(id, items.push(item) - 1);
    else if (before.kind === 'dict' && item.kind === 'dict')
      items[at] = mergeDicts(before, item, [...path, '[]'], log);
    else items[at] = item;
  }
  return { ...base, items };
}

function patternOf(path: Path): string {
  return path
    .map((key, index) => (index === 1 || (index > 1 && path[index - 1] === 'ulimits') ? '*' : key))
    .join('.');
}

function textOf(tree: Tree, key: string): string | undefined {
  const value = child(tree, key);
  return value?.kind === 'scalar' && value.value !== null ? value.text : undefined;
}

function portKey(item: Tree): string | undefined {
  if (item.kind === 'dict') {
    const {
      published = '',
      target = '',
      protocol = 'tcp',
      host_ip: ip = '',
    } = plain(item) as Record<string, unknown>;
    return portId(String(ip), String(published), String(target), String(protocol));
  }
  if (item.kind !== 'scalar') return undefined;
  const port = parsePort(item.text);
  if ('problem' in port) return undefined;
  const range = (one: { first: number; last: number } | undefined): string =>
    one === undefined ? '' : one.first === one.last ? `${one.first}` : `${one.first}-${one.last}`;
  return portId(port.hostIp ?? '', range(port.published), range(port.target), port.protocol);
}

function portId(ip: string, published: string, target: string, protocol: string): string {
  return `${ip === '0.0.0.0' ? '' : ip}|${published}|${target}|${protocol.toLowerCase()}`;
}

function volumeKey(item: Tree): string | undefined {
  if (item.kind !== 'scalar') return textOf(item, 'target');
  const volume = parseVolume(item.text);
  return 'problem' in volume ? undefined : volume.target;
}

function deviceKey(item: Tree): string | undefined {
  if (item.kind !== 'scalar') return textOf(item, 'target') ?? textOf(item, 'source');
  const [source, target] = item.text.split(':');
  return target ?? source;
}

function grantKey(item: Tree, folder: string): string | undefined {
  if (item.kind === 'scalar') return `${folder}${item.text}`;
  const target = textOf(item, 'target') ?? textOf(item, 'source');
  if (target === undefined) return undefined;
  return target.startsWith('/') ? target : `${folder}${target}`;
}
