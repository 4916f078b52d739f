import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FieldSchema, KIND_DEFINITIONS, objectSchema, withDescriptions } from '../src/model/index.ts';
import { readFields, type TableName } from './support/read-fields.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const actual = readFields();

const fileOf = (name: TableName): string => `${root}/packages/core/src/model/fields/${name}-fields.ts`;
const constantOf = (name: TableName): string => `${name.toUpperCase()}_FIELDS`;

if (process.env.GANTRY_UPDATE_DOCS === '1') {
  for (const [name, fields] of actual) {
    const entries = [...fields].map(
      ([path, [type, text]]) =>
        `${JSON.stringify(path)}: [${JSON.stringify(type)}, ${JSON.stringify(text)}],`,
    );
    const text = `import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const ${constantOf(name)}: FieldTable = Object.freeze({
${entries.join('\n')}
});
`;
    writeFileSync(fileOf(name), text);
  }
  const biome = `${root}/node_modules/@biomejs/biome/bin/biome`;
  const files = [...actual.keys()].map(fileOf);
  execFileSync(process.execPath, [biome, 'check', '--write', ...files], { cwd: root, stdio: 'pipe' });
}

describe.each([...actual])('the field table of %s', (name, fields) => {
  test('is what the comments of the interface say', async () => {
    const tables = (await import(/* @vite-ignore */ `${fileOf(name)}?written`)) as Record<string, object>;
    expect(Object.entries(tables[constantOf(name)] ?? {})).toEqual([...fields]);
  });

  test('describes every field', () => {
    expect([...fields].filter(([, [, text]]) => text === '')).toEqual([]);
  });
});

/** Paths of the fields below a schema that have no description. */
function bare(schema: FieldSchema, path = ''): readonly string[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...alternatives.flatMap((each) => bare(each, path)),
    ...(schema.items === undefined ? [] : bare(schema.items, `${path}[]`)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
      ...(field.description === undefined || field.description === '' ? [`${path}.${name}`] : []),
      ...bare(field, `${path}.${name}`),
    ]),
  ];
}

test.each(KIND_DEFINITIONS.map(({ kind }) => kind))('the schema of a %s describes every field', (kind) => {
  const schema = objectSchema(kind);
  expect(Object.keys(schema?.properties ?? {})).toEqual(expect.arrayContaining(['kind', 'meta', 'spec']));
  expect(bare(schema as FieldSchema)).toEqual([]);
});

test.each(KIND_DEFINITIONS.filter(({ input }) => input !== undefined))(
  'the input schema of a $kind describes every field',
  ({ kind, input }) => {
    const written = z.toJSONSchema(input as z.ZodType, {
      io: 'input',
      unrepresentable: 'any',
    }) as FieldSchema;
    expect(bare(withDescriptions(kind, written))).toEqual([]);
  },
);

test('the schema of a service includes its template and its status', () => {
  const { properties } = objectSchema('service') as FieldSchema;
  const template = properties?.spec?.properties?.template?.properties;
  expect(template?.ports?.items?.properties?.protocol).toMatchObject({
    type: 'string',
    enum: ['tcp', 'udp'],
  });
  expect(properties?.status?.properties?.ready).toMatchObject({ type: 'number' });
});

test('a kind of a plugin keeps its own descriptions', () => {
  const meta = { type: 'object', properties: { name: { type: 'string' } } };
  const schema = { type: 'object', properties: { meta, spec: { type: 'object', description: 'Mine.' } } };
  expect(objectSchema('zone')).toBeUndefined();
  const { properties } = withDescriptions('zone', schema);
  expect(properties?.spec).toEqual(schema.properties.spec);
  expect(properties?.meta?.properties?.name?.description).toMatch(/DNS label/);
});
