import type { StandardSchema } from '@gantry/core';
import { type FieldSchema, type KindDefinition, objectSchema, withDescriptions } from '@gantry/core/model';
import { z } from 'zod';

/**
 * The JSON schema of the user input for each kind, with a description of each field; any object if the validator cannot
 * produce a schema.
 */
export function inputSchemas(kinds: readonly KindDefinition[]): ReadonlyMap<string, object> {
  return new Map(
    kinds.flatMap(({ kind, input, description }) =>
      input === undefined
        ? []
        : [[kind, { title: kind, description, ...withDescriptions(kind, schemaOf(input)) }] as const],
    ),
  );
}

/** The fields of the objects of a kind as they are read: those of `spec` and, if it is known, of `status`. */
export function readFields(
  { kind, input, status }: KindDefinition,
  inputs: ReadonlyMap<string, object>,
): Readonly<Record<string, FieldSchema>> {
  const { spec, status: known } = objectSchema(kind)?.properties ?? {};
  const written = input === undefined ? undefined : (inputs.get(kind) as FieldSchema).properties?.spec;
  return {
    spec: spec ?? written ?? {},
    status: known ?? (status !== undefined && isZod(status) ? schemaOf(status, 'output') : {}),
  };
}

/** The JSON schema of a validator, empty (any value) if the validator cannot produce one; a JSON schema is returned as it is. */
export function jsonSchemaOf(schema: StandardSchema | object, io: 'input' | 'output'): object {
  // A JSON schema that zod has made is a validator, too.
  if (!('~standard' in schema) || '$schema' in schema) return schema;
  return isZod(schema) ? z.toJSONSchema(schema, { io, unrepresentable: 'any' }) : {};
}

function schemaOf(schema: StandardSchema, io: 'input' | 'output' = 'input'): FieldSchema {
  if (!isZod(schema)) return { type: 'object', required: ['kind', 'meta', 'spec'] };
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as FieldSchema;
}

function isZod(schema: StandardSchema): schema is StandardSchema & z.ZodType {
  return schema['~standard'].vendor === 'zod' && '_zod' in schema;
}
