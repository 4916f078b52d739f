import { JSONPath } from 'jsonpath-plus';
import { usage } from './problem.ts';

/** A part of a parsed template. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'range'; readonly path: string; readonly body: readonly Piece[] };

/** Maximum length of a template, in characters. */
const MAX_LENGTH = 4096;
/** Maximum length of a path: the library that evaluates paths parses them in quadratic time. */
const MAX_PATH_LENGTH = 1024;
/** Maximum nesting of ranges, and maximum number of `..` in a path: each multiplies the work. */
const MAX_RANGES = 16;
const MAX_DESCENTS = 4;

/**
 * Parses kubectl's notation: text, `{.path}`, `{"\n"}`, `{range .items[*]}…{end}`. The braces may be omitted around a
 * single path. Parsing takes linear time.
 *
 * @throws a usage error that names the part that could not be parsed, and for a template of more than 4,096 characters.
 */
export function parseJsonPath(template: string): readonly Piece[] {
  if (template.length > MAX_LENGTH) {
    throw usage(`jsonpath: expected at most ${MAX_LENGTH} characters, got ${template.length}`);
  }
  const whole = /^[.$[]/.test(template) && !template.includes('{') ? `{${template}}` : template;
  const stack: { path: string; body: Piece[] }[] = [{ path: '', body: [] }];
  const top = (): Piece[] => (stack.at(-1) as { body: Piece[] }).body;
  for (const token of tokensOf(whole)) {
    if (!token.braced) {
      top().push({ type: 'text', text: token.text });
      continue;
    }
    const inner = token.text.trim();
    if (inner.startsWith('range ')) {
      if (stack.length > MAX_RANGES)
        throw usage(`jsonpath: more than ${MAX_RANGES} ranges inside each other`);
      stack.push({ path: pathOf(inner.slice(6).trim()), body: [] });
    } else if (inner === 'end') {
      const done = stack.length > 1 ? stack.pop() : undefined;
      if (done === undefined) throw usage('jsonpath: {end} without {range}');
      top().push({ type: 'range', ...done });
    } else if (/^["']/.test(inner)) top().push({ type: 'text', text: unquote(inner) });
    else top().push({ type: 'path', path: pathOf(inner) });
  }
  if (stack.length > 1) throw usage('jsonpath: {range} without {end}');
  return (stack[0] as { body: Piece[] }).body;
}

interface Token {
  readonly braced: boolean;
  readonly text: string;
}

/** Splits a template into text and braced parts; a brace in quotes is text. */
function tokensOf(template: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf('{', at);
    const text = template.slice(at, open < 0 ? undefined : open);
    if (text.includes('}')) throw unbalanced(text);
    if (text !== '') tokens.push({ braced: false, text });
    if (open < 0) break;
    const close = closeOf(template, open + 1);
    tokens.push({ braced: true, text: template.slice(open + 1, close) });
    at = close + 1;
  }
  return tokens;
}

/** Returns the position of the closing brace; `from` follows the opening one. */
function closeOf(template: string, from: number): number {
  let quote = '';
  for (let at = from; at < template.length; at++) {
    const character = template[at] as string;
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (character === '}') return at;
    else if (character === '{') break;
    else if (character === '"' || character === "'") quote = character;
  }
  throw unbalanced(template.slice(from - 1));
}

function unbalanced(text: string): Error {
  return usage(`jsonpath: brace without its partner in "${shortened(text)}"`);
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

function pathOf(expression: string): string {
  if (expression === '') throw usage('jsonpath: {} is empty');
  if (expression.length > MAX_PATH_LENGTH) {
    throw usage(`jsonpath: path of ${expression.length} characters: expected at most ${MAX_PATH_LENGTH}`);
  }
  if (expression.split('..').length - 1 > MAX_DESCENTS) {
    throw usage(`jsonpath: more than ${MAX_DESCENTS} ".." in one path`);
  }
  if (expression.startsWith('$')) return withoutEscapes(expression);
  const path = withoutEscapes(expression.replace(/^@/, ''));
  return `$${path.startsWith('.') || path.startsWith('[') || path === '' ? '' : '.'}${path}`;
}

/** Converts kubectl's `.labels.app\.kubernetes\.io/name` to `.labels['app.kubernetes.io/name']`, in linear time. */
function withoutEscapes(path: string): string {
  if (!path.includes('\\')) return path;
  let text = '';
  let at = 0;
  while (at < path.length) {
    const char = path[at] as string;
    if (char === '[') {
      const end = bracketEnd(path, at);
      text += path.slice(at, end);
      at = end;
    } else if (char === '.' || (at === 0 && char !== '$')) {
      let end = char === '.' ? at + 1 : at;
      let name = '';
      let escaped = false;
      while (end < path.length && path[end] !== '.' && path[end] !== '[') {
        if (path[end] === '\\') {
          escaped = true;
          end++;
        }
        name += path[end] ?? '';
        end++;
      }
      text += escaped ? `['${name}']` : path.slice(at, end);
      at = end;
    } else {
      text += char;
      at++;
    }
  }
  return text;
}

/** Returns the position after the bracket that closes the one at `from`. */
function bracketEnd(path: string, from: number): number {
  let quote = '';
  for (let at = from; at < path.length; at++) {
    const char = path[at] as string;
    if (char === '\\') at++;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === ']') return at + 1;
  }
  return path.length;
}

function unquote(text: string): string {
  const inner = text.slice(1, -1);
  return inner.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);
}

/** Returns the values that a path matches. */
export function evaluate(path: string, value: unknown): readonly unknown[] {
  try {
    return JSONPath({ path, json: value as object, wrap: true, eval: 'safe' }) as unknown[];
  } catch (error) {
    throw usage(
      `jsonpath: ${shortened(path.slice(1))}: ${shortened(error instanceof Error ? error.message : String(error))}`,
    );
  }
}

/** Renders a template: several values of a path are separated by spaces, objects are rendered as JSON. */
export function renderJsonPath(pieces: readonly Piece[], value: unknown): string {
  return pieces
    .map((piece) => {
      if (piece.type === 'text') return piece.text;
      const found = evaluate(piece.path, value);
      if (piece.type === 'path') return found.map(show).join(' ');
      return found.map((each) => renderJsonPath(piece.body, each)).join('');
    })
    .join('');
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
