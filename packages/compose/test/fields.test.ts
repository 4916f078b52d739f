import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Field } from '../src/fields/field.ts';
import { FIELDS } from '../src/fields/fields.ts';
import { problemsOf } from '../src/index.ts';
import { unaccounted } from './support/accounting.ts';
import { load } from './support/project.ts';
import { SPECIFIED } from './support/specification.ts';

/** A field is covered by an entry of its own, by entries below it, or by what becomes of a field above it. */
function isCovered(path: string): boolean {
  const below = Object.keys(FIELDS).some((key) => key.startsWith(`${path}.`) || key.startsWith(`${path}[]`));
  if (Object.hasOwn(FIELDS, path) || below) return true;
  const parts = path.split('.');
  return parts.some((_, length) => {
    const above = parts.slice(0, length).join('.');
    const fields: readonly (Field | undefined)[] = [
      FIELDS[above],
      FIELDS[above.replace(/\[\]$/, '')],
      FIELDS[`${above}.*`],
    ];
    return fields.some((field) => field !== undefined && field.how !== 'honoured');
  });
}

/** A document in which this one field is set. */
function documentOf(path: string): unknown {
  const base = { services: { web: { image: 'x' } } };
  const set = (value: unknown, [part, ...rest]: readonly string[]): unknown => {
    if (part === undefined) return 'something';
    if (part === '[]') return [set(undefined, rest)];
    const fields = (value ?? {}) as Record<string, unknown>;
    const key = part === '*' ? 'web' : part;
    return { ...fields, [key]: set(fields[key], rest) };
  };
  return set(base, path.replaceAll('[]', '.[]').split('.'));
}

const README = join(import.meta.dirname, '../README.md');
const [START, END] = ['<!-- fields -->\n', '<!-- /fields -->'];

/** The table as the README shows it. */
function table(): string {
  const rows = Object.entries(FIELDS).map(([path, field]) => {
    const name = `\`${path.replace('services.*.', '')}\``;
    if (field.how === 'honoured') return `| ${name} | honoured | |`;
    if (field.how !== 'refused') return `| ${name} | ${field.how} | ${field.why} |`;
    const except =
      field.except.length === 0
        ? ''
        : ` (${field.except.map((value) => `\`${value}\``).join(', ')}: accepted)`;
    return `| ${name} | refused | ${field.why}${except} |`;
  });
  return ['', '| Field | | |', '|---|---|---|', ...rows, ''].join('\n');
}

describe('the table of fields', () => {
  test('covers every field of the specification', () => {
    expect(SPECIFIED.length).toBeGreaterThan(300);
    expect(SPECIFIED.filter((path) => !isCovered(path))).toEqual([]);
  });

  test('is correct: each field, set to some value, is read, harmless, or named', async () => {
    const lost: string[] = [];
    for (const path of SPECIFIED) {
      const compose = stringify(documentOf(path));
      const project = await load({ 'compose.yaml': compose }).catch((error: unknown) => problemsOf(error));
      if ('name' in project) lost.push(...unaccounted(project, 'compose.yaml', compose));
      else expect(project.length, path).toBeGreaterThan(0);
    }
    expect(lost).toEqual([]);
  });

  test('knows no field that the specification does not', () => {
    const known = new Set(SPECIFIED.map((path) => path.replaceAll(/\[\]|\.\*/g, '')));
    const foreign = Object.keys(FIELDS).filter((path) => !known.has(path.replaceAll(/\[\]|\.\*/g, '')));
    expect(foreign).toEqual([]);
  });

  test('says why, of everything that is not honoured', () => {
    for (const [path, field] of Object.entries(FIELDS)) {
      if (field.how !== 'honoured') expect(field.why.length, path).toBeGreaterThan(15);
    }
  });

  test('is the one in the README', () => {
    const text = readFileSync(README, 'utf8');
    const [before = '', rest = ''] = text.split(START);
    const [shown, after = ''] = rest.split(END);
    if (process.env.GANTRY_UPDATE_DOCS === '1')
      writeFileSync(README, `${before}${START}${table()}\n${END}${after}`);
    else expect(shown).toBe(`${table()}\n`);
  });
});
