import { join, type Log } from '../model/log.ts';
import {
  type Dict,
  dict,
  type Entry,
  isNull,
  kindOf,
  list,
  type Scalar,
  scalar,
  type Tree,
} from '../model/tree.ts';

type Rewrite = (tree: Tree, path: string, log: Log) => Tree;

/** Rewrites short forms to long ones before files are merged, so that merging and reading handle one form only. */
export function canonical(model: Dict, log: Log): Dict {
  let result = model;
  result = each(result, 'services', '', log, (service, path) => rewrite(service, path, log, SERVICE));
  for (const section of ['networks', 'volumes', 'secrets', 'configs']) {
    result = each(result, section, '', log, (one, path) => rewrite(one, path, log, { labels: pairs }));
  }
  return result;
}

const SERVICE: Readonly<Record<string, Rewrite>> = Object.freeze({
  annotations: pairs,
  build: (tree, path, log) => {
    const long = wrap('context')(tree, path, log);
    return rewrite(long, path, log, {
      additional_contexts: pairs,
      args: pairs,
      extra_hosts: hosts,
      labels: pairs,
    });
  },
  depends_on: named((item) =>
    dict(item.at, [['condition', { at: item.at, value: scalar('service_started', item.at) }]]),
  ),
  deploy: (tree, path, log) => rewrite(tree, path, log, { labels: pairs }),
  dns: several,
  dns_search: several,
  env_file: (tree, path, log) => {
    const files = several(tree, path, log);
    if (files.kind !== 'list') return files;
    return { ...files, items: files.items.map((item, index) => wrap('path')(item, join(path, index), log)) };
  },
  environment: pairs,
  extends: wrap('service'),
  extra_hosts: hosts,
  label_file: several,
  labels: pairs,
  models: named((item) => scalar(null, item.at)),
  networks: named((item) => scalar(null, item.at)),
  sysctls: pairs,
  tmpfs: several,
});

function each(
  parent: Dict,
  key: string,
  path: string,
  log: Log,
  change: (tree: Tree, path: string) => Tree,
): Dict {
  const section = parent.entries.get(key);
  if (section === undefined || isNull(section.value)) return parent;
  const here = join(path, key);
  if (section.value.kind !== 'dict') {
    log.invalid(section.value.at, here, `expected a mapping, got ${kindOf(section.value)}`);
    return { ...parent, entries: new Map([...parent.entries].filter(([name]) => name !== key)) };
  }
  const entries = [...section.value.entries].map(([name, entry]) => {
    return [name, { ...entry, value: change(entry.value, join(here, name)) }] as const;
  });
  const value: Dict = { ...section.value, entries: new Map(entries) };
  return { ...parent, entries: new Map([...parent.entries, [key, { ...section, value }]]) };
}

function rewrite(tree: Tree, path: string, log: Log, rules: Readonly<Record<string, Rewrite>>): Tree {
  if (tree.kind !== 'dict') return tree;
  const entries = [...tree.entries].map(([key, entry]): [string, Entry] => {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined || isNull(entry.value)) return [key, entry];
    return [key, { ...entry, value: rule(entry.value, join(path, key), log) }];
  });
  return { ...tree, entries: new Map(entries) };
}

/** `- KEY=VALUE` becomes `KEY: VALUE`, `- KEY` becomes `KEY:`. */
function pairs(tree: Tree, path: string, log: Log): Tree {
  return fromItems(tree, path, log, (item) => {
    const [key, value] = cut(item.text, '=');
    return [key, value === undefined ? scalar(null, item.at) : scalar(value, item.at)];
  });
}

/** `- host=ip` and `- host:ip` become `host: [ip]`. */
function hosts(tree: Tree, path: string, log: Log): Tree {
  const known = new Map<string, Tree[]>();
  const asDict = fromItems(tree, path, log, (item) => {
    const [host, ip = ''] = cut(item.text, item.text.includes('=') ? '=' : ':');
    const addresses = known.get(host) ?? [];
    known.set(host, addresses);
    addresses.push(scalar(ip, item.at));
    return [host, list(item.at, addresses)];
  });
  if (asDict.kind !== 'dict') return asDict;
  const entries = [...asDict.entries].map(([host, entry]): [string, Entry] => [
    host,
    { ...entry, value: several(entry.value) },
  ]);
  return { ...asDict, entries: new Map(entries) };
}

/** `- name` becomes `name: <value>`. */
function named(value: (item: Scalar) => Tree): Rewrite {
  return (tree, path, log) => fromItems(tree, path, log, (item) => [item.text, value(item)]);
}

function fromItems(
  tree: Tree,
  path: string,
  log: Log,
  make: (item: Scalar) => readonly [string, Tree],
): Tree {
  if (tree.kind !== 'list') return tree;
  const entries = new Map<string, Entry>();
  tree.items.forEach((item, index) => {
    if (item.kind !== 'scalar' || item.value === null) {
      log.invalid(item.at, join(path, index), `expected a text, got ${kindOf(item)}`);
      return;
    }
    const [key, value] = make(item);
    entries.set(key, { at: item.at, value });
  });
  return { ...dict(tree.at, entries), ...(tree.mark === undefined ? {} : { mark: tree.mark }) };
}

/** A single value becomes a list with one item. */
function several(tree: Tree, _path?: string, _log?: Log): Tree {
  if (tree.kind !== 'scalar') return tree;
  const { mark, ...item } = tree;
  return { ...list(tree.at, [item]), ...(mark === undefined ? {} : { mark }) };
}

/** A text becomes a mapping with one key. */
function wrap(key: string): Rewrite {
  return (tree) => {
    if (tree.kind !== 'scalar' || tree.value === null) return tree;
    const { mark, ...value } = tree;
    return { ...dict(tree.at, [[key, { at: tree.at, value }]]), ...(mark === undefined ? {} : { mark }) };
  };
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
