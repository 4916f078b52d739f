import { CST, Lexer } from 'yaml';

const OPENING: readonly string[] = Object.freeze(['flow-map-start', 'flow-seq-start']);
const CLOSING: readonly string[] = Object.freeze(['flow-map-end', 'flow-seq-end']);
const CONTENT: readonly (string | null)[] = Object.freeze([
  'seq-item-ind',
  'explicit-key-ind',
  'scalar',
  'alias',
  'single-quoted-scalar',
  'double-quoted-scalar',
]);
/** Lexer tokens that are not part of the text. */
const CONTROL: readonly (string | null)[] = Object.freeze(['doc-mode', 'scalar', 'flow-error-end']);

/**
 * Offset at which a YAML text is nested deeper than `max`; undefined if it nowhere is. Runs in time proportional to the
 * text. The parser itself recurses, and would crash the process on deep nesting.
 */
export function tooDeepAt(text: string, max: number): number | undefined {
  const columns: number[] = [];
  let flow = 0;
  let offset = 0;
  let lineStart = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'doc-start') columns.length = 0;
    if (type === 'flow-error-end') flow = 0;
    if (type !== null && OPENING.includes(type)) flow++;
    else if (type !== null && CLOSING.includes(type)) flow = Math.max(0, flow - 1);
    else if (flow === 0 && CONTENT.includes(type)) {
      const column = offset - lineStart;
      while ((columns.at(-1) ?? -1) > column) columns.pop();
      if ((columns.at(-1) ?? -1) < column) columns.push(column);
    }
    if (columns.length + flow > max) return offset;
    if (CONTROL.includes(type)) continue;
    offset += token.length;
    const newline = token.lastIndexOf('\n');
    if (newline !== -1) lineStart = offset - token.length + newline + 1;
  }
  return undefined;
}
