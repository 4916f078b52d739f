import type { Colors } from './colors.ts';

/** A line of a description: a name with its value, a list below a name, or a table. */
export type Field =
  | readonly [name: string, value: string | number | boolean | readonly string[] | undefined]
  | { readonly title: string; readonly text: string };

/** Names on the left, values in one column; what has no value is left out. */
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
    if (typeof value !== 'object') return [line(name, String(value))];
    return value.map((each, index) => line(index === 0 ? name : '', each));
  });
  return `${lines.join('\n')}\n`;
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((each) => (each === '' ? '' : `  ${each}`))
    .join('\n');
}
