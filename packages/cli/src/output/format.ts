import { usage } from './problem.ts';
import { renderTable } from './table.ts';

/** An output format, given by `-o`. */
export type Format =
  | { readonly type: 'table'; readonly wide: boolean }
  | { readonly type: 'json' | 'yaml' | 'name' }
  | { readonly type: 'jsonpath'; readonly template: string }
  | Columns;

/** Format `custom-columns=NAME:.meta.name,NODE:.spec.node`. */
export interface Columns {
  readonly type: 'columns';
  readonly columns: readonly { readonly title: string; readonly path: string }[];
}

export const FORMATS = 'wide, json, yaml, name, jsonpath=TEMPLATE, custom-columns=TITLE:PATH,…';

/** Parses `-o`. */
export function parseFormat(text: string | undefined): Format {
  if (text === undefined || text === 'table') return { type: 'table', wide: false };
  if (text === 'wide') return { type: 'table', wide: true };
  if (text === 'json' || text === 'yaml' || text === 'name') return { type: text };
  const [, name, value = ''] = /^=?(jsonpath|custom-columns)=(.*)$/s.exec(text) ?? [];
  if (name === 'jsonpath' && value !== '') return { type: 'jsonpath', template: value };
  if (name === 'custom-columns' && value !== '') return { type: 'columns', columns: parseColumns(value) };
  // `-o=json`, as accepted by kubectl.
  if (text.startsWith('=')) return parseFormat(text.slice(1));
  const hint = /^(go-template|jsonpath|custom-columns)/.test(text)
    ? "gantry get services -o jsonpath='{.items[*].meta.name}'"
    : undefined;
  throw usage(`-o: expected ${FORMATS}, got "${text}"`, hint);
}

/** Parses columns separated by commas; commas in brackets belong to a path. */
function parseColumns(text: string): Columns['columns'] {
  return splitOutside(text).map((column) => {
    const colon = column.indexOf(':');
    const path = column.slice(colon + 1).trim();
    if (colon <= 0 || path === '') throw usage(`-o custom-columns: expected TITLE:PATH, got "${column}"`);
    return { title: column.slice(0, colon).trim(), path };
  });
}

/** Splits at commas outside of brackets, in linear time. */
function splitOutside(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '[') depth++;
    if (char === ']') depth--;
    if (char === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts;
}

/** Rows of custom columns; a missing value is shown as `<none>`. */
export async function columnRows(
  { columns }: Columns,
  items: readonly unknown[],
  titles: boolean,
): Promise<readonly (readonly string[])[]> {
  const { parseJsonPath, renderJsonPath } = await import('./jsonpath.ts');
  const templates = columns.map(({ path }) => parseJsonPath(path));
  const rows = items.map((item) => templates.map((template) => renderJsonPath(template, item) || '<none>'));
  return titles ? [columns.map(({ title }) => title), ...rows] : rows;
}

/** Renders data as a document in a format other than a table. `named`: returns the lines for `-o name`. */
export async function renderData(
  format: Exclude<Format, { type: 'table' }>,
  value: unknown,
  named: () => readonly string[],
): Promise<string> {
  switch (format.type) {
    case 'json':
      return `${JSON.stringify(value, null, 2)}\n`;
    case 'yaml':
      return renderYaml(value);
    case 'name':
      return named()
        .map((line) => `${line}\n`)
        .join('');
    case 'columns': {
      const { items = [value] } = value as { readonly items?: readonly unknown[] };
      return renderTable(await columnRows(format, items, true));
    }
    case 'jsonpath': {
      const { parseJsonPath, renderJsonPath } = await import('./jsonpath.ts');
      const text = renderJsonPath(parseJsonPath(format.template), value);
      return text === '' || text.endsWith('\n') ? text : `${text}\n`;
    }
  }
}

/** Renders YAML without folding or aliases, so that it can be read line by line and applied again. */
export async function renderYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
