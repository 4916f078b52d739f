import { ERROR_CODES } from '@gantry/core';
import { type KindDefinition, objectSchema } from '@gantry/core/model';
import { readFields } from './schemas.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const items = (of: object) => ({
  type: 'object',
  required: ['items'],
  properties: { items: { type: 'array', items: of } },
});

/** The component schemas that the document refers to. */
export function components(
  kinds: readonly KindDefinition[],
  inputs: ReadonlyMap<string, object>,
): Record<string, object> {
  const schemas: Record<string, object> = {
    meta: {
      type: 'object',
      required: ['name', 'uid', 'generation', 'createdAt', 'labels'],
      properties: objectSchema('node')?.properties?.meta?.properties,
    },
    problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail', 'code'],
      properties: {
        type: { type: 'string' },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        code: { enum: Object.keys(ERROR_CODES) },
        issues: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'message'],
            properties: { path: { type: 'string' }, message: { type: 'string' } },
          },
        },
        details: { type: 'object' },
      },
    },
    items: items({ type: 'object' }),
    objects: {
      type: 'object',
      required: ['objects'],
      additionalProperties: false,
      properties: {
        objects: {
          type: 'array',
          maxItems: 10_000,
          items: { oneOf: [...inputs.keys()].map((kind) => ref(`${kind}-input`)) },
        },
      },
    },
    'object-items': items({ oneOf: kinds.map(({ kind }) => ref(kind)) }),
    'log-line': {
      type: 'object',
      properties: {
        task: { type: 'string' },
        node: { type: 'string' },
        time: { type: 'number' },
        stream: { enum: ['stdout', 'stderr'] },
        text: { type: 'string' },
      },
    },
  };
  for (const definition of kinds) {
    const { kind, description } = definition;
    schemas[kind] = {
      type: 'object',
      description,
      required: ['kind', 'meta', 'spec'],
      properties: { kind: { const: kind }, meta: ref('meta'), ...readFields(definition, inputs) },
    };
    schemas[`${kind}-input`] = inputs.get(kind) ?? {
      type: 'object',
      description: 'Written by the cluster only.',
    };
    schemas[`${kind}-list`] = {
      type: 'object',
      required: ['items', 'revision'],
      properties: {
        items: { type: 'array', items: ref(kind) },
        revision: { type: 'integer' },
        continue: { type: 'string' },
      },
    };
  }
  return schemas;
}
