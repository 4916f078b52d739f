import { KIND_DEFINITIONS } from '@gantry/core/model';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { read } from './support/documents.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
}

type Fields = Map<string, string | undefined>;

/** Every field below a schema, with its default where that is a plain value. */
function fieldsOf(schema: Schema, path: string, fields: Fields): Fields {
  for (const branch of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) fieldsOf(branch, path, fields);
  if (schema.items !== undefined) fieldsOf(schema.items, `${path}[]`, fields);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    const value = property.default;
    fields.set(at, value === undefined || typeof value === 'object' ? undefined : String(value));
    fieldsOf(property, at, fields);
  }
  return fields;
}

/** Several fields of one shape are documented once: each policy, each health check. */
function expand(field: string): readonly string[] {
  const group = /\{([^}]+)\}/.exec(field);
  if (group === null) return [field];
  return (group[1] as string).split(',').flatMap((name) => expand(field.replace(group[0], name.trim())));
}

/** The rows of the tables of docs/operations.md that begin with a field. */
function documented(): Fields {
  const fields: Fields = new Map();
  for (const [, field = '', value = ''] of read('docs/operations.md').matchAll(
    /^\| `([^`]+)` \| ([^|]*) \|/gm,
  )) {
    if (!/^(kind|meta|spec|status)\b/.test(field)) continue;
    for (const each of expand(field)) {
      if (fields.has(each)) throw new Error(`docs/operations.md: ${each} is listed twice`);
      fields.set(each, /^`([^`]*)`/.exec(value)?.[1]);
    }
  }
  return fields;
}

const service = KIND_DEFINITIONS.find(({ kind }) => kind === 'service')?.input;
const actual = fieldsOf(
  z.toJSONSchema(service as z.ZodType, { io: 'input', unrepresentable: 'any' }) as Schema,
  '',
  new Map(),
);

test('docs/operations.md names every field of a service, and no other', () => {
  expect([...documented().keys()].sort()).toEqual([...actual.keys()].sort());
});

test('docs/operations.md states every default correctly', () => {
  const told = documented();
  const withDefault = [...actual].filter(([, value]) => value !== undefined);
  expect(withDefault.length).toBeGreaterThan(30);
  expect(withDefault.map(([field]) => [field, told.get(field)])).toEqual(withDefault);
});
