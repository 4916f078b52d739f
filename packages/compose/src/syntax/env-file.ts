import { interpolate } from './interpolate.ts';

export interface EnvFile {
  /** In the order of the file; undefined for a name without `=`. */
  readonly entries: ReadonlyMap<string, string | undefined>;
  /** Lines start at 1. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  readonly unset: readonly string[];
}

type Lookup = (name: string) => string | undefined;

const NAME = /^\s*(?:export\s+)?([^\s=#"'`]+)[^\S\n]*(=?)[^\S\n]*/;
const ESCAPES: Readonly<Record<string, string>> = Object.freeze({ n: '\n', r: '\r', t: '\t' });

/**
 * Parses an env file by the rules of the Compose Specification, which differ from those of dotenv: unquoted and
 * double-quoted values are interpolated (from `given`, then from earlier lines of the file), a comment must follow a
 * space, a quote may be escaped, and a name on its own sets nothing.
 */
export function parseEnvFile(text: string, given: Lookup): EnvFile {
  const entries = new Map<string, string | undefined>();
  const problems: { line: number; message: string }[] = [];
  const unset = new Set<string>();
  const lookup: Lookup = (name) => given(name) ?? entries.get(name);
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  let at = 0;
  let line = 1;
  let counted = 0;
  while (at < source.length) {
    for (; counted < at; counted++) if (source[counted] === '\n') line++;
    const end = endOfLine(source, at);
    const content = source.slice(at, end);
    if (content.trim() === '' || content.trimStart().startsWith('#')) {
      at = end + 1;
      continue;
    }
    const [all = '', name = '', equals] = NAME.exec(content) ?? [];
    if (name === '' || (equals === '' && !/^\s*(#.*)?$/.test(content.slice(all.length)))) {
      problems.push({ line, message: `expected NAME=VALUE, got ${JSON.stringify(content.trim())}` });
      at = end + 1;
      continue;
    }
    if (equals === '') {
      entries.set(name, undefined);
      at = end + 1;
      continue;
    }
    const read = readValue(source, at + all.length);
    at = read.end + 1;
    if (read.problem !== undefined) problems.push({ line, message: `${name}: ${read.problem}` });
    if (read.text.includes('\0')) problems.push({ line, message: `${name}: a value must not contain NUL` });
    const result = read.literal ? { text: read.text, unset: [] } : interpolate(read.text, lookup);
    if ('problem' in result) problems.push({ line, message: `${name}: ${result.problem}` });
    for (const one of result.unset) unset.add(one);
    entries.set(name, result.text);
  }
  return { entries, problems, unset: [...unset] };
}

/** Parses `NAME=VALUE` lines literally: no quotes, no variables, and comments on lines of their own only. */
export function parseRawEnvFile(text: string): EnvFile {
  const entries = new Map<string, string | undefined>();
  const problems: { line: number; message: string }[] = [];
  text.split(/\r?\n/).forEach((content, index) => {
    if (content.trim() === '' || content.trimStart().startsWith('#')) return;
    const equals = content.indexOf('=');
    const name = (equals === -1 ? content : content.slice(0, equals)).trim();
    if (name === '' || /\s/.test(name)) {
      problems.push({
        line: index + 1,
        message: `expected NAME=VALUE, got ${JSON.stringify(content.trim())}`,
      });
    } else entries.set(name, equals === -1 ? undefined : content.slice(equals + 1));
  });
  return { entries, problems, unset: [] };
}

interface Value {
  readonly text: string;
  /** The value must not be interpolated. */
  readonly literal: boolean;
  /** End of the line in which the value ends. */
  readonly end: number;
  readonly problem?: string;
}

function readValue(source: string, at: number): Value {
  const quote = source[at];
  if (quote !== '"' && quote !== "'") {
    const end = endOfLine(source, at);
    // Starts at the preceding character, since a comment must follow a space.
    const text = source
      .slice(at - 1, end)
      .replace(/\s#.*$/, '')
      .slice(1)
      .trim();
    return { text, literal: false, end };
  }
  let text = '';
  for (let next = at + 1; next < source.length; next++) {
    const char = source[next] as string;
    if (char === quote) {
      const end = endOfLine(source, next);
      const rest = source.slice(next + 1, end);
      const fine = /^\s*(#.*)?$/.test(rest);
      const literal = quote === "'";
      if (fine) return { text, literal, end };
      return {
        text,
        literal,
        end,
        problem: `expected the end of the line, got ${JSON.stringify(rest.trim())}`,
      };
    }
    const following = source[next + 1];
    if (char === '\\' && following !== undefined) {
      const meant = unescaped(quote, following);
      text += meant ?? `\\${following}`;
      next++;
    } else text += char;
  }
  const first = endOfLine(source, at);
  return { text: '', literal: true, end: first, problem: `the quote ${quote} is not closed` };
}

function unescaped(quote: string, char: string): string | undefined {
  if (char === quote) return quote;
  if (quote === "'") return undefined;
  if (char === '$') return '$$';
  return char === '\\' ? '\\' : ESCAPES[char];
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end === -1 ? source.length : end;
}
