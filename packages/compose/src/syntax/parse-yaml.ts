import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { join, type Log } from '../model/log.ts';
import {
  type Dict,
  dict,
  type Entry,
  list,
  type Mark,
  type Place,
  type Scalar,
  type Source,
  scalar,
  type Tree,
} from '../model/tree.ts';

/** Aliases are copied: a small file could ask for a huge tree. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 100;
const MARKS: Readonly<Record<string, Mark>> = Object.freeze({ '!reset': 'reset', '!override': 'override' });

/** Parses one file: anchors and merge keys are resolved, and every value keeps its place. An empty file is an empty mapping. */
export function parseYaml(text: string, source: Source, log: Log): Dict {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter: lines, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const { message, pos } of document.errors) log.invalid(placeOf(pos[0]), '', firstLower(message));
  const start = placeOf(0);
  if (document.errors.length > 0) return dict(start);

  let count = 0;
  const targets = aliasTargets(document);
  const atOf = (node: Node): Place => placeOf(node.range?.[0] ?? 0);

  const read = (node: unknown, at: Place, path: string, above: readonly unknown[]): Tree => {
    count++;
    if (isAlias(node)) {
      const target = targets.get(node);
      if (target !== undefined && !above.includes(target))
        return read(target, atOf(node), path, [...above, node]);
      const why = target === undefined ? 'has no anchor' : 'contains itself';
      log.invalid(atOf(node), path, `the alias *${node.source} ${why}`);
      return scalar(null, atOf(node));
    }
    if (count > MAX_VALUES || above.length > MAX_DEPTH) {
      if (count <= MAX_VALUES || count === MAX_VALUES + 1)
        log.invalid(at, path, 'the file is too large or too deep');
      return scalar(null, at);
    }
    const within = [...above, node];
    if (isMap(node)) {
      const mark = markOf(node, path);
      return { ...dict(atOf(node), readPairs(node, path, within)), ...mark };
    }
    if (isSeq(node)) {
      const mark = markOf(node, path);
      const items = node.items.map((item, index) => read(item, atOf(node), join(path, index), within));
      return { ...list(atOf(node), items), ...mark };
    }
    if (isScalar(node)) return { ...readScalar(node.value, node.source, atOf(node)), ...markOf(node, path) };
    return scalar(null, at);
  };

  const readPairs = (map: YAMLMap, path: string, within: readonly unknown[]): Map<string, Entry> => {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of map.items) {
      if (isMergeKey(pair)) {
        for (const [key, entry] of readMerged(pair.value, path, within)) {
          if (!merged.has(key)) merged.set(key, entry);
        }
        continue;
      }
      const key = isScalar(pair.key) ? pair.key : undefined;
      const at = key === undefined ? atOf(map) : atOf(key);
      const name = typeof key?.value === 'string' ? key.value : key?.source;
      if (name === undefined) {
        log.invalid(at, path, 'expected a text as key');
        continue;
      }
      own.set(name, { at, value: read(pair.value, at, join(path, name), within) });
    }
    return new Map([...[...merged].filter(([key]) => !own.has(key)), ...own]);
  };

  /** `<<: *a` or `<<: [*a, *b]`: of equal keys, the first one counts. */
  const readMerged = (value: unknown, path: string, within: readonly unknown[]): [string, Entry][] => {
    const target = isAlias(value) ? targets.get(value) : value;
    if (isMap(target) && !within.includes(target)) return [...readPairs(target, path, [...within, target])];
    if (isSeq(target)) return target.items.flatMap((item) => readMerged(item, path, within));
    log.invalid(atOf(value as Node), path, 'expected a mapping, or a list of mappings, to merge');
    return [];
  };

  const markOf = (node: Node & { tag?: string | undefined }, path: string): { mark?: Mark } => {
    const { tag } = node;
    if (tag === undefined || tag.startsWith('tag:yaml.org,2002:')) return {};
    const mark = Object.hasOwn(MARKS, tag) ? MARKS[tag] : undefined;
    if (mark !== undefined) return { mark };
    log.invalid(atOf(node), path, `unknown tag "${tag}": expected !reset or !override`);
    return {};
  };

  if (document.contents === null) return dict(start);
  const tree = read(document.contents, start, '', []);
  if (tree.kind === 'dict') return tree;
  if (tree.kind !== 'scalar' || tree.value !== null) log.invalid(tree.at, '', 'expected a mapping');
  return dict(start);
}

/** What each alias stands for: the last node before it with that anchor. One walk for all of them. */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && typeof pair.key.value === 'symbol';
}

function readScalar(value: unknown, written: string | undefined, at: Place): Scalar {
  if (value === null) return scalar(null, at);
  if (typeof value === 'boolean' || typeof value === 'number') {
    return { kind: 'scalar', value, text: written ?? String(value), at };
  }
  return scalar(typeof value === 'string' ? value : (written ?? String(value)), at);
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
