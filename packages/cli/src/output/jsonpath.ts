import { JSONPath } from 'jsonpath-plus';
import { usage } from './problem.ts';

type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'range'; readonly path: string; readonly body: readonly Piece[] };

/** kubectl's notation: text, `{.path}`, `{"\n"}`, `{range .items[*]}…{end}`. A path without braces stands alone. */
export function parseJsonPath(template: string): readonly Piece[] {
  const whole = /^[.$[]/.test(template) && !template.includes('{') ? `{${template}}` : template;
  const tokens = whole
    .split(/(\{(?:[^{}"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*\})/)
    .filter((token) => token !== '');
  const stack: { path: string; body: Piece[] }[] = [{ path: '', body: [] }];
  const top = (): Piece[] => (stack.at(-1) as { body: Piece[] }).body;
  for (const token of tokens) {
    if (!token.startsWith('{') || !token.endsWith('}')) {
      if (/[{}]/.test(token)) throw usage(`jsonpath: brace without its partner in "${token}"`);
      top().push({ type: 'text', text: token });
      continue;
    }
    const inner = token.slice(1, -1).trim();
    if (inner.startsWith('range ')) stack.push({ path: pathOf(inner.slice(6).trim()), body: [] });
    else if (inner === 'end') {
      const done = stack.length > 1 ? stack.pop() : undefined;
      if (done === undefined) throw usage('jsonpath: {end} without {range}');
      top().push({ type: 'range', ...done });
    } else if (/^["']/.test(inner)) top().push({ type: 'text', text: unquote(inner) });
    else top().push({ type: 'path', path: pathOf(inner) });
  }
  if (stack.length > 1) throw usage('jsonpath: {range} without {end}');
  return (stack[0] as { body: Piece[] }).body;
}

function pathOf(expression: string): string {
  if (expression === '') throw usage('jsonpath: {} is empty');
  if (expression.startsWith('$')) return expression;
  const path = expression.replace(/^@/, '');
  return `$${path.startsWith('.') || path.startsWith('[') || path === '' ? '' : '.'}${path}`;
}

function unquote(text: string): string {
  const inner = text.slice(1, -1);
  return inner.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);
}

/** What a path finds. */
export function evaluate(path: string, value: unknown): readonly unknown[] {
  try {
    return JSONPath({ path, json: value as object, wrap: true, eval: 'safe' }) as unknown[];
  } catch (error) {
    throw usage(`jsonpath: ${path.slice(1)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Fills a template in: values in one place are divided by a blank, objects are shown as JSON. */
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
