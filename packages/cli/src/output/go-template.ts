import { usage } from './problem.ts';

/** A part of a template: text, or a pipeline to evaluate. */
type Part = string | readonly Call[];

/** A value, or a function with its arguments; a pipe passes its value to the next call as the last argument. */
interface Call {
  readonly name: string | undefined;
  readonly args: readonly Argument[];
}

type Argument = { readonly path: readonly string[] } | { readonly literal: string | number };

export interface GoTemplate {
  /** Whether it begins with `table`: rows in columns below titles. */
  readonly table: boolean;
  readonly parts: readonly Part[];
}

const MAX_LENGTH = 4096;

/** The supported functions of Docker's templates. */
const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = Object.freeze({
  json: (value) => JSON.stringify(value ?? null),
  join: (values, separator) => listOf(values).map(show).join(show(separator)),
  lower: (value) => show(value).toLowerCase(),
  upper: (value) => show(value).toUpperCase(),
  title: (value) => show(value).replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  truncate: (value, length) => [...show(value)].slice(0, Number(length)).join(''),
  split: (value, separator) => show(value).split(show(separator)),
  index: (value, ...keys) => keys.reduce((inner, key) => read(inner, [show(key)]), value),
  println: (...values) => `${values.map(show).join(' ')}\n`,
});

const SUPPORTED = `fields such as {{.Name}}, pipes, and the functions ${Object.keys(FUNCTIONS).join(', ')}`;

/**
 * Parses a format of Docker's commands, a subset of Go's templates.
 *
 * @throws a usage error that names the unsupported part and lists what is supported
 */
export function parseGoTemplate(format: string): GoTemplate {
  if (format.length > MAX_LENGTH) throw usage(`--format: expected at most ${MAX_LENGTH} characters`);
  const table = /^table(\s|$)/.test(format);
  const text = unescaped(table ? format.slice(5).trimStart() : format);
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('{{', at);
    if (start < 0) {
      parts.push(text.slice(at));
      break;
    }
    const end = endOfAction(text, start + 2);
    if (end < 0) throw usage(`--format: "{{" without "}}" in "${format}"`);
    let inner = text.slice(start + 2, end);
    let before = text.slice(at, start);
    if (/^-\s/.test(inner)) {
      before = before.trimEnd();
      inner = inner.slice(1);
    }
    at = end + 2;
    if (/\s-$/.test(inner)) {
      inner = inner.slice(0, -1);
      while (/\s/.test(text[at] ?? '')) at++;
    }
    if (before !== '') parts.push(before);
    if (!/^\s*\/\*/.test(inner)) parts.push(parsePipeline(inner.trim()));
  }
  return { table, parts };
}

/** Docker interprets these escapes itself, since shells pass them on unchanged. */
const unescaped = (text: string): string =>
  text.replace(/\\([tn])/g, (_, letter) => (letter === 't' ? '\t' : '\n'));

/** Returns the end of an action; braces in quotes do not end it. */
function endOfAction(text: string, from: number): number {
  let quote: string | undefined;
  for (let at = from; at < text.length; at++) {
    const char = text[at] as string;
    if (quote !== undefined) {
      if (char === '\\' && quote === '"') at++;
      else if (char === quote) quote = undefined;
    } else if (char === '"' || char === '`') quote = char;
    else if (char === '}' && text[at + 1] === '}') return at;
  }
  return -1;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|`[^`]*`|\||[^\s|"`]+/g;

function parsePipeline(text: string): readonly Call[] {
  const calls: string[][] = [[]];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '|') calls.push([]);
    else calls.at(-1)?.push(token);
  }
  return calls.map((tokens) => parseCall(tokens, text));
}

function parseCall([first, ...rest]: readonly string[], text: string): Call {
  if (first === undefined) throw usage(`--format: expected a value in "{{${text}}}"`);
  if (/^[."`\d-]/.test(first)) {
    // A method with an argument: `.Label "key"`.
    const [key] = rest;
    if (first === '.Label' && rest.length === 1 && key !== undefined)
      return { name: 'index', args: [{ path: ['Labels'] }, parseArgument(key)] };
    if (rest.length > 0)
      throw usage(`--format: "${first}" takes no arguments in "{{${text}}}"`, `supported: ${SUPPORTED}`);
    return { name: undefined, args: [parseArgument(first)] };
  }
  if (!Object.hasOwn(FUNCTIONS, first))
    throw usage(`--format: "${first}" is not supported in "{{${text}}}"`, `supported: ${SUPPORTED}`);
  return { name: first, args: rest.map(parseArgument) };
}

function parseArgument(token: string): Argument {
  if (token.startsWith('"')) {
    try {
      return { literal: JSON.parse(token) as string };
    } catch {
      throw usage(`--format: expected a quoted text, got ${token}`);
    }
  }
  if (token.startsWith('`')) return { literal: token.slice(1, -1) };
  if (/^-?\d+$/.test(token)) return { literal: Number(token) };
  if (/^(\.|(\.[A-Za-z_][A-Za-z0-9_]*)+)$/.test(token))
    return { path: token.split('.').filter((word) => word !== '') };
  throw usage(`--format: "${token}" is not supported`, `supported: ${SUPPORTED}`);
}

/**
 * Renders a template.
 *
 * @param isClosed whether the value has all its fields, so that an unknown one is an error; otherwise it is `<no
 * value>`
 * @throws a usage error for an unknown field of a closed value, with the existing fields
 */
export function renderGoTemplate({ parts }: GoTemplate, value: unknown, isClosed = false): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : show(evaluate(part, value, isClosed))))
    .join('');
}

function evaluate(calls: readonly Call[], value: unknown, isClosed: boolean): unknown {
  let piped: readonly unknown[] = [];
  for (const { name, args } of calls) {
    const given = args.map((arg) => ('literal' in arg ? arg.literal : field(value, arg.path, isClosed)));
    const call = name === undefined ? undefined : FUNCTIONS[name];
    // Docker's functions take the value first, while Go's pipes pass it last.
    piped = [call === undefined ? given[0] : call(...arranged(name, [...given, ...piped]))];
  }
  return piped[0];
}

/** Puts the value first: `.Labels | join ","` and `join .Labels ","` are equivalent. */
function arranged(name: string | undefined, args: readonly unknown[]): readonly unknown[] {
  const [first, second] = args;
  const swaps = args.length === 2 && ['join', 'split', 'truncate'].includes(name ?? '');
  const isBehind = name === 'join' ? Array.isArray(second) : name === 'truncate' && typeof first === 'number';
  return swaps && isBehind ? [second, first] : args;
}

function field(value: unknown, path: readonly string[], isClosed: boolean): unknown {
  const [first] = path;
  if (isClosed && first !== undefined && !Object.hasOwn(value as object, first)) {
    const fields = Object.keys(value as object).map((name) => `.${name}`);
    throw usage(`--format: unknown field ".${first}"`, `fields: ${fields.join(', ')}`);
  }
  return read(value, path);
}

function read(value: unknown, path: readonly string[]): unknown {
  let inner = value;
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[key];
  }
  return inner;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** Formats a value as Go does. */
function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const pairs = Object.entries(value).map(([key, each]) => `${key}:${show(each)}`);
  return `map[${pairs.sort().join(' ')}]`;
}
