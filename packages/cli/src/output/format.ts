import { usage } from './problem.ts';

/** What `-o` can be. */
export type Format =
  | { readonly type: 'table'; readonly wide: boolean }
  | { readonly type: 'json' | 'yaml' | 'name' }
  | { readonly type: 'jsonpath'; readonly template: string };

export const FORMATS = 'wide, json, yaml, name, jsonpath=TEMPLATE';

/** Reads `-o`. */
export function parseFormat(text: string | undefined): Format {
  if (text === undefined || text === 'table') return { type: 'table', wide: false };
  if (text === 'wide') return { type: 'table', wide: true };
  if (text === 'json' || text === 'yaml' || text === 'name') return { type: text };
  if (text.startsWith('jsonpath=') && text.length > 'jsonpath='.length) {
    return { type: 'jsonpath', template: text.slice('jsonpath='.length) };
  }
  throw usage(`-o: expected ${FORMATS}, got "${text}"`);
}

/** Data as a document in one of the formats that are not tables. `named`: its lines for `-o name`. */
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
    case 'jsonpath': {
      const { parseJsonPath, renderJsonPath } = await import('./jsonpath.ts');
      const text = renderJsonPath(parseJsonPath(format.template), value);
      return text === '' || text.endsWith('\n') ? text : `${text}\n`;
    }
  }
}

/** YAML in which nothing is folded or shared, so that it can be read line by line and applied again. */
export async function renderYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
