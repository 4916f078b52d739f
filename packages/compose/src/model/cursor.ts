import { join, type Log } from './log.ts';
import { isNull, kindOf, type Tree } from './tree.ts';
import { parseBytes, parseDuration } from './units.ts';

const TRUE: readonly string[] = Object.freeze(['true', 'yes', 'on', 'y', '1']);
const FALSE: readonly string[] = Object.freeze(['false', 'no', 'off', 'n', '0']);

/** A position in the document to read from. Marks the values it reads as seen, and reports those it cannot read. */
export class Cursor {
  readonly tree: Tree;
  readonly path: string;
  readonly log: Log;

  constructor(tree: Tree, path: string, log: Log) {
    this.tree = tree;
    this.path = path;
    this.log = log;
    if (tree.kind !== 'scalar' && countOf(tree) === 0) log.seen.add(tree);
  }

  invalid(message: string): undefined {
    this.log.seen.add(this.tree);
    this.log.add('invalid', this.tree.at, this.path, message);
  }

  unsupported(message: string): undefined {
    this.log.seen.add(this.tree);
    this.log.add('unsupported', this.tree.at, this.path, message);
  }

  /** The value has the wrong type, so its contents will not be read. */
  #mistaken(expected: string): undefined {
    this.log.cover(this.tree);
    return this.invalid(`expected ${expected}, got ${kindOf(this.tree)}`);
  }

  note(message: string): void {
    this.log.add('note', this.tree.at, this.path, message);
  }

  /** The value of a key; undefined if it is missing or null. */
  get(key: string): Cursor | undefined {
    if (this.tree.kind !== 'dict') {
      if (!isNull(this.tree)) this.#mistaken('a mapping');
      return undefined;
    }
    const value = this.tree.entries.get(key)?.value;
    if (value === undefined) return undefined;
    if (!isNull(value)) return new Cursor(value, join(this.path, key), this.log);
    this.log.seen.add(value);
    return undefined;
  }

  /** Follows a path of keys. */
  at(...keys: readonly string[]): Cursor | undefined {
    return keys.reduce<Cursor | undefined>((cursor, key) => cursor?.get(key), this);
  }

  /** The entries of a mapping with user-defined keys, including null values. */
  entries(): readonly (readonly [string, Cursor])[] {
    if (this.tree.kind !== 'dict') {
      if (!isNull(this.tree)) this.#mistaken('a mapping');
      return [];
    }
    return [...this.tree.entries].map(([key, { value }]) => {
      if (isNull(value)) this.log.seen.add(value);
      return [key, new Cursor(value, join(this.path, key), this.log)] as const;
    });
  }

  items(): readonly Cursor[] {
    if (this.tree.kind !== 'list') {
      if (!isNull(this.tree)) this.#mistaken('a list');
      return [];
    }
    return this.tree.items.map((item, index) => new Cursor(item, join(this.path, index), this.log));
  }

  get isText(): boolean {
    return this.tree.kind === 'scalar' && this.tree.value !== null;
  }

  text(): string | undefined {
    if (this.tree.kind !== 'scalar') return this.#mistaken('a text');
    this.log.seen.add(this.tree);
    return this.tree.value === null ? this.invalid('expected a text, got nothing') : this.tree.text;
  }

  /** The texts of a list. */
  texts(): readonly string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  boolean(): boolean | undefined {
    const text = this.text()?.toLowerCase();
    if (text === undefined) return undefined;
    if (TRUE.includes(text)) return true;
    return FALSE.includes(text) ? false : this.invalid(`expected true or false, got "${text}"`);
  }

  number(): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const number = text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(number) && number >= 0 ? number : this.invalid(`expected a number, got "${text}"`);
  }

  integer(): number | undefined {
    const number = this.number();
    if (number === undefined || Number.isInteger(number)) return number;
    return this.invalid(`expected a whole number, got "${number}"`);
  }

  /** A duration in ms. */
  duration(): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return parseDuration(text) ?? this.invalid(`expected a duration such as 1m30s, got "${text}"`);
  }

  bytes(): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return parseBytes(text) ?? this.invalid(`expected an amount of bytes such as 512m, got "${text}"`);
  }

  oneOf<T extends string>(...values: readonly T[]): T | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const found = values.find((value) => value === text);
    return found ?? this.invalid(`expected one of ${values.join(', ')}, got "${text}"`);
  }
}

function countOf(tree: Exclude<Tree, { kind: 'scalar' }>): number {
  return tree.kind === 'list' ? tree.items.length : tree.entries.size;
}
