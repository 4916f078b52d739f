/** Context that the values of a file share. */
export interface Source {
  /** File name as given. */
  readonly file: string;
  /** Base of relative paths in the file. */
  readonly directory: string;
  /** Variables for interpolation in the file. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Position at which a value was written. */
export interface Place {
  readonly source: Source;
  /** Starts at 1. */
  readonly line: number;
  /** Starts at 1. */
  readonly column: number;
}

/** `!reset` removes a value of an earlier file; `!override` replaces it as a whole. */
export type Mark = 'reset' | 'override';

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** The text as written, after interpolation: `1.50` stays `1.50`. */
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
  /** Place of the key. */
  readonly at: Place;
  readonly value: Tree;
}

export interface Dict {
  readonly kind: 'dict';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Place;
  readonly mark?: Mark;
}

/** A YAML value with a place for each of its parts. */
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

/** The value of a key; undefined if it is missing or `tree` is not a mapping. */
export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === 'dict' ? tree.entries.get(key)?.value : undefined;
}

/** Describes the type of a value for messages. */
export function kindOf(tree: Tree): string {
  if (tree.kind === 'dict') return 'a mapping';
  if (tree.kind === 'list') return 'a list';
  return tree.value === null ? 'nothing' : JSON.stringify(tree.value);
}

/** The plain value without places, for comparison and display. */
export function plain(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.value)]));
}
