/** What values of one file need to know of it. */
export interface Source {
  /** As it was named. */
  readonly file: string;
  /** What relative paths in it are relative to. */
  readonly directory: string;
  /** What `$NAME` stands for in it. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Where a value was written. */
export interface Place {
  readonly source: Source;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** `!reset` takes a value of an earlier file away, `!override` replaces it whole. */
export type Mark = 'reset' | 'override';

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it was written, after interpolation: `1.50` stays `1.50`. */
  readonly text: string;
  readonly at: Place;
  readonly mark?: Mark;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Tree[];
  readonly at: Place;
  readonly mark?: Mark;
}

export interface Entry {
  /** Of the key. */
  readonly at: Place;
  readonly value: Tree;
}

export interface Dict {
  readonly kind: 'dict';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Place;
  readonly mark?: Mark;
}

/** A YAML value whose every part knows where it was written. */
export type Tree = Scalar | List | Dict;

export function scalar(value: Scalar['value'], at: Place): Scalar {
  return { kind: 'scalar', value, text: value === null ? '' : String(value), at };
}

export function dict(at: Place, entries: Iterable<readonly [string, Entry]> = []): Dict {
  return { kind: 'dict', entries: new Map(entries), at };
}

export function list(at: Place, items: readonly Tree[]): List {
  return { kind: 'list', items, at };
}

export function isNull(tree: Tree | undefined): boolean {
  return tree === undefined || (tree.kind === 'scalar' && tree.value === null);
}

/** The value below a key; undefined where there is none, and where `tree` is no mapping. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'dict' ? tree.entries.get(key)?.value : undefined;
}

/** What kind of value it is, for people. */
export function kindOf(tree: Tree): string {
  if (tree.kind === 'dict') return 'a mapping';
  if (tree.kind === 'list') return 'a list';
  return tree.value === null ? 'nothing' : JSON.stringify(tree.value);
}

/** The plain value, without places: for comparing and for people. */
export function plain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.value)]));
}
