import type { StandardSchema } from '@gantry/core';
import type { KindDefinition } from '@gantry/core/model';
import { z } from 'zod';

/** The JSON schema of the user input for each kind; any object if the validator cannot produce a schema. */
export function inputSchemas(kinds: readonly KindDefinition[]): ReadonlyMap<string, object> {
  return new Map(
    kinds.flatMap(({ kind, input, description }) =>
      input === undefined ? [] : [[kind, { title: kind, description, ...schemaOf(input) }] as const],
    ),
  );
}

function schemaOf(schema: StandardSchema): object {
  if (!isZod(schema)) return { type: 'object', required: ['kind', 'meta', 'spec'] };
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

function isZod(schema: StandardSchema): schema is StandardSchema & z.ZodType {
  return schema['~standard'].vendor === 'zod' && '_zod' in schema;
}
