/** A text after interpolation. */
export interface Interpolated {
  readonly text: string;
  /** Unset variables without a default, which are replaced by an empty text. */
  readonly unset: readonly string[];
  /** Why there is no text: `${A:?why}`, or a syntax error. */
  readonly problem?: string;
}

type Lookup = (name: string) => string | undefined;

/** Maximum length of an interpolated text: a few lines of an env file could double each other indefinitely. */
const MAX_LENGTH = 1_048_576;
/** Maximum nesting of defaults: `${A:-${B:-${C}}}` has three levels. */
const MAX_DEPTH = 100;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/;
const OPERATOR = /:?[-?+]/;
const SHOWN = 60;

/** Thrown if the text cannot be interpolated. */
class Mistake extends Error {}

/**
 * Replaces `$A`, `${A}`, `${A:-default}`, `${A-default}`, `${A:?why}`, `${A?why}`, `${A:+other}`, `${A+other}`, nested
 * up to 100 deep. `$$` is an escaped dollar sign; a dollar sign that does not begin a variable is kept. Runs in time
 * proportional to the length of the text and of the result, which is limited to 1 MiB.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const parser = new Parser(text, lookup);
  try {
    return { text: parser.parse(), unset: [...parser.unset] };
  } catch (error) {
    if (error instanceof Mistake) return { text: '', unset: [...parser.unset], problem: error.message };
    throw error;
  }
}

/**
 * Reads the text once from left to right. Branches that are not taken are parsed, but their variables are not looked
 * up.
 */
class Parser {
  readonly unset = new Set<string>();
  readonly #text: string;
  readonly #lookup: Lookup;
  #at = 0;
  #length = 0;

  constructor(text: string, lookup: Lookup) {
    this.#text = text;
    this.#lookup = lookup;
  }

  parse(): string {
    return this.#expand(0, true);
  }

  /** Expands up to the end of the text or, within braces, up to the closing brace, which the caller consumes. */
  #expand(depth: number, taken: boolean): string {
    const text = this.#text;
    const within = depth > 0;
    const parts: string[] = [];
    let start = this.#at;
    let braces = 0;
    const keep = (part: string): void => {
      if (!taken) return;
      this.#length += part.length;
      if (this.#length > MAX_LENGTH) throw new Mistake(`the result has more than ${MAX_LENGTH} characters`);
      parts.push(part);
    };
    while (this.#at < text.length) {
      const char = text[this.#at];
      if (within && char === '{') braces++;
      if (within && char === '}' && braces-- === 0) break;
      if (char !== '$') {
        this.#at++;
        continue;
      }
      keep(text.slice(start, this.#at));
      keep(this.#dollar(depth, taken));
      start = this.#at;
    }
    keep(text.slice(start, this.#at));
    return parts.join('');
  }

  #dollar(depth: number, taken: boolean): string {
    const from = this.#at;
    const next = this.#text[from + 1];
    if (next === '$') {
      this.#at += 2;
      return '$';
    }
    if (next !== '{') {
      this.#at++;
      const name = this.#match(NAME);
      return name === undefined ? '$' : this.#value(name, taken);
    }
    if (depth >= MAX_DEPTH) throw new Mistake(`variables are nested more than ${MAX_DEPTH} deep`);
    this.#at += 2;
    const value = this.#braced(from, depth + 1, taken);
    if (this.#text[this.#at] !== '}') throw this.#open(from);
    this.#at++;
    // The caller counts what the branch has already counted.
    this.#length -= taken ? value.length : 0;
    return value;
  }

  #braced(from: number, depth: number, taken: boolean): string {
    const name = this.#match(NAME);
    if (name === undefined) throw this.#wrong(from);
    if (this.#text[this.#at] === '}') return this.#counted(this.#value(name, taken), taken);
    const operator = this.#match(OPERATOR);
    if (operator === undefined) throw this.#wrong(from);
    const found = taken ? this.#lookup(name) : undefined;
    const isSet = operator.startsWith(':') ? found !== undefined && found !== '' : found !== undefined;
    const wantsWord = operator.endsWith('+') === isSet;
    const word = this.#expand(depth, taken && wantsWord);
    if (!taken || this.#at >= this.#text.length) return '';
    if (operator.endsWith('?') && !isSet)
      throw new Mistake(`the variable "${name}" has to be set${word === '' ? '' : `: ${word}`}`);
    if (wantsWord) return word;
    return this.#counted(operator.endsWith('+') ? '' : (found ?? ''), taken);
  }

  #counted(value: string, taken: boolean): string {
    if (taken) this.#length += value.length;
    return value;
  }

  #value(name: string, taken: boolean): string {
    if (!taken) return '';
    const found = this.#lookup(name);
    if (found === undefined) this.unset.add(name);
    return found ?? '';
  }

  #match(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #open(from: number): Mistake {
    return new Mistake(`${quoted(this.#text.slice(from))} has no closing brace (write $$ for a dollar sign)`);
  }

  #wrong(from: number): Mistake {
    const end = this.#text.indexOf('}', from);
    if (end === -1) return this.#open(from);
    return new Mistake(
      `${quoted(this.#text.slice(from, end + 1))} is not a variable (write $$ for a dollar sign)`,
    );
  }
}

function quoted(text: string): string {
  return `"${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}"`;
}
