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
  parseAllDocuments,
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
import { tooDeepAt } from './yaml-depth.ts';

/** Maximum length of a file, in characters. */
const MAX_LENGTH = 4_194_304;
/** Maximum number of values; aliases are copied, so a small file could produce a huge tree. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 100;
const MAX_ERRORS = 20;
const MARKS: Readonly<Record<string, Mark>> = Object.freeze({ '!reset': 'reset', '!override': 'override' });
const CORE_TAGS: readonly string[] = Object.freeze(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Thrown if the file has too many values. */
class TooLarge extends Error {}

/** Parses the first document of a text; see `parseDocuments`. */
export function parseYaml(text: string, source: Source, log: Log): Dict {
  const start: Place = { source, line: 1, column: 1 };
  return parseDocuments(text, source, log)[0] ?? dict(start);
}

/**
 * Parses the documents of a file, resolving anchors and merge keys and keeping the place of every value. An empty
 * document becomes an empty mapping. If the file is invalid, too large (4 Mi characters, 100,000 values) or too deeply
 * nested (100 levels), the problems are logged and there are no documents.
 */
export function parseDocuments(text: string, source: Source, log: Log): readonly Dict[] {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refuse = (offset: number, message: string): readonly Dict[] => {
    const before = text.slice(0, offset).split('\n');
    const place = { source, line: before.length, column: (before.at(-1) ?? '').length + 1 };
    log.invalid(place, '', message);
    return [];
  };
  if (text.length > MAX_LENGTH) return refuse(0, `the file has more than ${MAX_LENGTH} characters`);
  const nul = text.indexOf('\0');
  if (nul !== -1) return refuse(nul, 'the file contains a NUL character: expected text in UTF-8');
  const deep = tooDeepAt(text, MAX_DEPTH);
  if (deep !== undefined) return refuse(deep, `values are nested more than ${MAX_DEPTH} deep`);
  // Duplicate keys are detected below: the parser would compare each key with all others.
  const options = { merge: true, lineCounter: lines, prettyErrors: false, uniqueKeys: false } as const;
  const parsed = parseAllDocuments(text, options);
  const documents = Array.isArray(parsed) ? parsed : [];
  const errors = documents.flatMap((document) => document.errors);
  for (const { message, pos } of errors.slice(0, MAX_ERRORS)) {
    log.invalid(placeOf(pos[0]), '', firstLower(message));
  }
  if (errors.length > 0) return [];
  const budget = { values: 0 };
  try {
    return documents.map((document) => readDocument(document, placeOf, budget, log));
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    log.invalid(placeOf(0), '', `the file is too large: it has more than ${MAX_VALUES} values`);
    return [];
  }
}

function readDocument(
  document: Document,
  placeOf: (offset: number) => Place,
  budget: { values: number },
  log: Log,
): Dict {
  const start = placeOf(document.range?.[0] ?? 0);
  const targets = aliasTargets(document);
  const spend = (): void => {
    if (++budget.values > MAX_VALUES) throw new TooLarge();
  };
  const atOf = (node: Node): Place => placeOf(node.range?.[0] ?? 0);

  const read = (node: unknown, at: Place, path: string, above: readonly unknown[]): Tree => {
    spend();
    if (isAlias(node)) {
      const target = targets.get(node);
      if (target !== undefined && !above.includes(target))
        return read(target, atOf(node), path, [...above, node]);
      const why = target === undefined ? 'has no anchor' : 'contains itself';
      log.invalid(atOf(node), path, `the alias *${node.source} ${why}`);
      return scalar(null, atOf(node));
    }
    if (above.length > MAX_DEPTH) {
      log.invalid(at, path, `values are nested more than ${MAX_DEPTH} deep`);
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
    if (isScalar(node)) {
      if (typeof node.value === 'string' && node.value.includes('\0'))
        log.invalid(atOf(node), path, 'a text must not contain NUL');
      return { ...readScalar(node.value, node.source, atOf(node)), ...markOf(node, path) };
    }
    return scalar(null, at);
  };

  const readPairs = (map: YAMLMap, path: string, within: readonly unknown[]): Map<string, Entry> => {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const pair of map.items) {
      spend();
      if (isMergeKey(pair)) {
        for (const [key, entry] of readMerged(pair.value, path, within)) {
          if (!merged.has(key)) merged.set(key, entry);
        }
        continue;
      }
      const key = isScalar(pair.key) ? pair.key : undefined;
      const at = key === undefined ? atOf(map) : atOf(key);
      const name = key?.value;
      if (typeof name !== 'string') {
        const got = key === undefined ? '' : `, got ${key.source || 'nothing'}: put it in quotes`;
        log.invalid(at, path, `expected a text as key${got}`);
        continue;
      }
      const before = own.get(name);
      if (before !== undefined) {
        log.invalid(at, join(path, name), `duplicate key; the first one is in line ${before.at.line}`);
        continue;
      }
      own.set(name, { at, value: read(pair.value, at, join(path, name), within) });
    }
    return new Map([...[...merged].filter(([key]) => !own.has(key)), ...own]);
  };

  /** Reads `<<: *a` or `<<: [*a, *b]`; the first of several equal keys applies. */
  const readMerged = (value: unknown, path: string, within: readonly unknown[]): [string, Entry][] => {
    const target = isAlias(value) ? targets.get(value) : value;
    spend();
    if (isMap(target) && !within.includes(target)) return [...readPairs(target, path, [...within, target])];
    if (isSeq(target) && !within.includes(target))
      return target.items.flatMap((item) => readMerged(item, path, [...within, target]));
    log.invalid(atOf(value as Node), path, 'expected a mapping, or a list of mappings, to merge');
    return [];
  };

  const markOf = (node: Node & { tag?: string | undefined }, path: string): { mark?: Mark } => {
    const { tag } = node;
    if (tag === undefined || CORE_TAGS.includes(tag)) return {};
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

/** The target of each alias: the last node before it with that anchor. Found in one walk for all aliases. */
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
