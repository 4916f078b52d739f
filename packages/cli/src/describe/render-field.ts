import type { FieldSchema } from '@gantry/core/model';
import type { FoundField } from '../cluster/find-field.ts';
import type { Colors } from '../output/colors.ts';

/** Renders the documentation of a field: its type, default and description, and the fields below it. */
export function renderField({ kind, path, schema, fields }: FoundField, colors: Colors): string {
  const facts = [
    ['KIND', kind],
    ['FIELD', path],
    ['TYPE', typeText(schema)],
    ['DEFAULT', defaultText(schema)],
  ].filter((fact): fact is [string, string] => fact[1] !== undefined);
  const lines = facts.map(([title, text]) => `${colors.bold(`${title}:`.padEnd(9))}${text}`);
  if (schema.description !== undefined) lines.push('', schema.description);
  if (fields.length > 0) lines.push('', colors.bold('FIELDS:'));
  for (const { name, schema: field, required } of fields) {
    const value = defaultText(field);
    const facts = [typeText(field), required ? 'required' : undefined, value && `default: ${value}`];
    lines.push(`  ${name}  ${colors.dim(`<${facts.filter((fact) => fact !== undefined).join(', ')}>`)}`);
    if (field.description !== undefined) lines.push(`      ${field.description}`);
  }
  return `${lines.join('\n')}\n`;
}

function defaultText({ default: value }: FieldSchema): string | undefined {
  if (value === undefined) return undefined;
  // An object whose fields have defaults of their own says nothing by `{}`.
  return typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 0 &&
    !Array.isArray(value)
    ? undefined
    : JSON.stringify(value);
}

/** Returns the type as text: `integer, 0 to 600000`, `list of objects`, `"tcp" or "udp"`. */
function typeText(schema: FieldSchema): string {
  const { type, enum: values, const: only, items, additionalProperties, minimum, maximum } = schema;
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (alternatives.length > 0) return [...new Set(alternatives.map(typeText))].join(' or ');
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' or ');
  if (only !== undefined) return JSON.stringify(only);
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeText(items)}`;
  if (type === 'object' && schema.properties === undefined && additionalProperties) return 'map';
  const bounds = [
    minimum !== undefined && minimum > -SAFE ? String(minimum) : undefined,
    maximum !== undefined && maximum < SAFE ? String(maximum) : undefined,
  ];
  const [from, to] = bounds;
  if (from !== undefined && to !== undefined) return `${type}, ${from} to ${to}`;
  if (from !== undefined) return `${type}, at least ${from}`;
  return type ?? 'any value';
}

const SAFE = Number.MAX_SAFE_INTEGER;
