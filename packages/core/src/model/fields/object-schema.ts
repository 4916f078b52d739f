import { EVENT_FIELDS } from './event-fields.ts';
import type { FieldTable } from './field-table.ts';
import { META_FIELDS } from './meta-fields.ts';
import { NETWORK_FIELDS } from './network-fields.ts';
import { NODE_FIELDS } from './node-fields.ts';
import { SERVICE_FIELDS } from './service-fields.ts';
import { TASK_FIELDS } from './task-fields.ts';
import { TEMPLATE_FIELDS } from './template-fields.ts';

/** The part of a JSON Schema that describes fields. */
export interface FieldSchema {
  /** What the field means. */
  readonly description?: string | undefined;
  /** JSON type: `object`, `array`, `string`, `number`, `integer` or `boolean`. */
  readonly type?: string | undefined;
  /** Allowed values. */
  readonly enum?: readonly unknown[] | undefined;
  /** The only allowed value. */
  readonly const?: unknown;
  /** Value of an omitted field. */
  readonly default?: unknown;
  /** Smallest number. */
  readonly minimum?: number | undefined;
  /** Largest number. */
  readonly maximum?: number | undefined;
  /** Reference to another schema of the same document: `#/components/schemas/meta`. */
  readonly $ref?: string | undefined;
  /** Fields of an object. */
  readonly properties?: Readonly<Record<string, FieldSchema>> | undefined;
  /** Names of fields that must be given. */
  readonly required?: readonly string[] | undefined;
  /** Elements of a list. */
  readonly items?: FieldSchema | undefined;
  /** Values of a map. */
  readonly additionalProperties?: FieldSchema | boolean | undefined;
  /** Alternatives. */
  readonly anyOf?: readonly FieldSchema[] | undefined;
  /** Alternatives, of which exactly one holds. */
  readonly oneOf?: readonly FieldSchema[] | undefined;
}

const TABLES: Readonly<Record<string, FieldTable>> = Object.freeze({
  event: EVENT_FIELDS,
  network: NETWORK_FIELDS,
  node: NODE_FIELDS,
  service: SERVICE_FIELDS,
  task: TASK_FIELDS,
  template: TEMPLATE_FIELDS,
});

/** Returns type and description of a field of an object that is read; undefined for kinds of plugins. */
function entryOf(kind: string, path: string): readonly [type: string, description: string] | undefined {
  const meta = /^meta\.(.+)/.exec(path);
  if (meta !== null) return META_FIELDS[meta[1] as string];
  const template = kind === 'service' ? /^spec\.template\.(.+)/.exec(path) : null;
  return template === null ? TABLES[kind]?.[path] : TEMPLATE_FIELDS[`spec.${template[1]}`];
}

/** Every path of a kind, with those of its `meta` and, of a service, of its template. */
function pathsOf(kind: string): readonly string[] {
  const table = TABLES[kind];
  if (table === undefined) return [];
  const below = (root: string, fields: FieldTable, from: string): readonly string[] =>
    Object.keys(fields)
      .filter((path) => path.startsWith(from))
      .map((path) => `${root}.${path.slice(from.length)}`);
  return [
    ...Object.keys(table),
    ...below('meta', META_FIELDS, ''),
    ...(kind === 'service' ? below('spec.template', TEMPLATE_FIELDS, 'spec.') : []),
  ];
}

/**
 * Returns the schema of an object of a core kind as it is read: each field with its type and its description. It
 * documents and does not validate: no field is required. Undefined for kinds of plugins.
 */
export function objectSchema(kind: string): FieldSchema | undefined {
  const paths = pathsOf(kind);
  if (paths.length === 0) return undefined;
  const children = new Map<string, string[]>();
  for (const path of paths) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
    children.set(parent, [...(children.get(parent) ?? []), path]);
  }
  const fieldsAt = (path: string): Pick<FieldSchema, 'properties'> => {
    const own = children.get(path);
    if (own === undefined) return {};
    return {
      properties: Object.fromEntries(own.map((each) => [each.slice(each.lastIndexOf('.') + 1), at(each)])),
    };
  };
  const at = (path: string): FieldSchema => {
    const [type = '', description = ''] = entryOf(kind, path) ?? [];
    return { description, ...schemaOfType(type, path, fieldsAt) };
  };
  return { type: 'object', ...fieldsAt('') };
}

function schemaOfType(
  type: string,
  path: string,
  fieldsAt: (path: string) => Pick<FieldSchema, 'properties'>,
): FieldSchema {
  const types = type.split(' | ');
  if (types.length > 1 && types.every((each) => each.startsWith("'"))) {
    return { type: 'string', enum: types.map((each) => each.slice(1, -1)) };
  }
  if (types.length > 1) return { anyOf: types.map((each) => schemaOfType(each, path, fieldsAt)) };
  if (type.endsWith('[]')) {
    return { type: 'array', items: schemaOfType(type.slice(0, -2), `${path}[]`, fieldsAt) };
  }
  if (type.startsWith("'")) return { const: type.slice(1, -1) };
  if (type === 'object') return { type, ...fieldsAt(path) };
  if (type === 'map') return { type: 'object', additionalProperties: true };
  return /^(string|number|boolean)$/.test(type) ? { type } : {};
}

/**
 * Returns a copy of the schema of what users write for a kind, with a description of each field of the core's that has none:
 * all fields of the core's kinds, and the `meta` of every kind. Descriptions of the schema itself take precedence.
 */
export function withDescriptions(kind: string, schema: FieldSchema): FieldSchema {
  return described(schema, (path) => entryOf(kind, path)?.[1], '');
}

function described(
  schema: FieldSchema,
  textAt: (path: string) => string | undefined,
  path: string,
): FieldSchema {
  const inner = (each: FieldSchema): FieldSchema => described(each, textAt, path);
  const text = schema.description ?? textAt(path);
  return {
    ...(text === undefined ? {} : { description: text }),
    ...schema,
    ...(schema.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, field]) => [
              name,
              described(field, textAt, path === '' ? name : `${path}.${name}`),
            ]),
          ),
        }),
    ...(schema.items === undefined ? {} : { items: described(schema.items, textAt, `${path}[]`) }),
    ...(schema.anyOf === undefined ? {} : { anyOf: schema.anyOf.map(inner) }),
    ...(schema.oneOf === undefined ? {} : { oneOf: schema.oneOf.map(inner) }),
  };
}
