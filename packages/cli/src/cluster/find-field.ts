import type { FieldSchema } from '@gantry/core/model';
import { CliError } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';

/** Schemas by the names of an API document: `service`, `service-input`, `meta`. */
export type Schemas = Readonly<Record<string, FieldSchema>>;

/** A field of a kind, with the fields below it. */
export interface FoundField {
  /** Name of the kind. */
  readonly kind: string;
  /** Path of the field, without indexes: `spec.ports.target`. */
  readonly path: string;
  readonly schema: FieldSchema;
  readonly fields: readonly {
    readonly name: string;
    readonly schema: FieldSchema;
    readonly required: boolean;
  }[];
}

/** The words of a field path: `service.spec.template.ports[0].target`; undefined if it is none. */
export function parseFieldPath(
  word: string,
): { readonly kind: string; readonly names: readonly string[] } | undefined {
  const [, kind, path] = /^([A-Za-z][A-Za-z0-9-]*)\.((?:kind|meta|spec|status)(?:[.[].*)?)$/.exec(word) ?? [];
  if (kind === undefined || path === undefined) return undefined;
  const names = path.replaceAll(/\[[^\]]*\]/g, '').split('.');
  return { kind, names: names.filter((name) => name !== '') };
}

/**
 * Finds a field of a kind. Fields that users write are described by the schema of the input, which knows their defaults.
 *
 * @throws `NOT_FOUND` with the closest name.
 */
export function findField(schemas: Schemas, kind: string, names: readonly string[]): FoundField {
  const roots = [schemas[`${kind}-input`], schemas[kind]].filter((root) => root !== undefined);
  const [first] = names;
  // Users do not write a status: the schema of the input accepts any.
  const ordered = first === 'status' || first === 'kind' ? roots.reverse() : roots;
  let found: readonly FieldSchema[] = ordered;
  names.forEach((name, index) => {
    const next = found.flatMap((schema) => childrenOf(schema, schemas).get(name) ?? []);
    if (next.length === 0) throw notFound(kind, names.slice(0, index + 1), found, schemas);
    found = next;
  });
  const schema = resolved(
    found.find((each) => childrenOf(each, schemas).size > 0) ?? (found[0] as FieldSchema),
    schemas,
  );
  const required = requiredOf(schema, schemas);
  return {
    kind,
    path: names.join('.'),
    schema,
    fields: [...childrenOf(schema, schemas)].map(([name, each]) => ({
      name,
      schema: resolved(each, schemas),
      required: required.has(name),
    })),
  };
}

function notFound(
  kind: string,
  names: readonly string[],
  found: readonly FieldSchema[],
  schemas: Schemas,
): CliError {
  const known = found.flatMap((schema) => [...childrenOf(schema, schemas).keys()]);
  const name = names.at(-1) as string;
  const parent = [kind, ...names.slice(0, -1)].join('.');
  const hint =
    known.length === 0
      ? `${parent} has no fields with a description`
      : (didYouMean(name, known) ?? `list the fields with \`gantry explain ${parent}\``);
  return new CliError('NOT_FOUND', `field "${names.join('.')}" of ${kind} not found`, hint);
}

/** Follows a reference to another schema of the document. */
function resolved(schema: FieldSchema, schemas: Schemas): FieldSchema {
  const name = schema.$ref?.split('/').at(-1);
  return (name === undefined ? undefined : schemas[name]) ?? schema;
}

/** The schemas that together say what fields a value has: alternatives, and the elements of lists and maps. */
function partsOf(
  schema: FieldSchema,
  schemas: Schemas,
  above: readonly FieldSchema[] = [],
): readonly FieldSchema[] {
  const own = resolved(schema, schemas);
  if (above.includes(own)) return []; // a schema that refers to itself, such as that of any JSON
  const { anyOf = [], oneOf = [], items, additionalProperties: values } = own;
  const inner = [...anyOf, ...oneOf, ...(items === undefined ? [] : [items])];
  const below = typeof values === 'object' ? [...inner, values] : inner;
  return [own, ...below.flatMap((each) => partsOf(each, schemas, [...above, own]))];
}

function childrenOf(schema: FieldSchema, schemas: Schemas): ReadonlyMap<string, FieldSchema> {
  const children = new Map<string, FieldSchema>();
  for (const { properties = {} } of partsOf(schema, schemas)) {
    for (const [name, child] of Object.entries(properties))
      if (!children.has(name)) children.set(name, child);
  }
  return children;
}

function requiredOf(schema: FieldSchema, schemas: Schemas): ReadonlySet<string> {
  return new Set(partsOf(schema, schemas).flatMap(({ required = [] }) => required));
}
