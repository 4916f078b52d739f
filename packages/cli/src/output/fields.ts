import type { Colors } from './colors.ts';
import { safe, safeLines } from './safe-text.ts';

/** A line of a description: a name with its value, a name with a list, or a table. */
export type Field =
  | readonly [name: string, value: string | number | boolean | readonly string[] | undefined]
  | { readonly title: string; readonly text: string };

/**
 * Renders names on the left and values in one column; fields without a value are omitted. Control characters are shown
 * as `·`; continuation lines of a value are aligned with its column.
 */
export function renderFields(fields: readonly Field[], colors: Colors): string {
  const pairs = fields.filter((field) => Array.isArray(field)) as readonly Exclude<
    Field,
    { title: string }
  >[];
  const width = Math.max(0, ...pairs.map(([name]) => name.length)) + 1;
  const line = (name: string, value: string): string => {
    const label = name === '' ? ' '.repeat(width) : `${name}:`.padEnd(width);
    return `${colors.bold(label)}  ${value}`.trimEnd();
  };
  const lines = fields.flatMap((field): string[] => {
    if ('title' in field) {
      return field.text === '' ? [] : ['', colors.bold(`${field.title}:`), indent(field.text)];
    }
    const [name, value] = field;
    if (value === undefined || value === '') return [];
    const values = typeof value === 'object' ? value : [String(value)];
    return values.flatMap(safeLines).map((each, index) => line(index === 0 ? name : '', each));
  });
  return `${lines.join('\n')}\n`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((each) => (each === '' ? '' : `  ${safe(each)}`))
    .join('\n');
}
