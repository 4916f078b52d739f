/** A parsed placement constraint, such as `node.labels.zone == a`. */
export interface Constraint {
  /** As the user wrote it. */
  readonly text: string;
  /** Where the field is read from. */
  readonly source: 'name' | 'label' | 'attribute';
  /** The label or attribute; empty for `name`. */
  readonly key: string;
  /** Whether the field must, or must not, have the value. */
  readonly operator: '==' | '!=';
  /** Value to compare with. */
  readonly value: string;
}

/** Where a constraint or preference could not be parsed. */
export interface ParseProblem {
  /** What was expected. */
  readonly message: string;
  /** Position of the offending character, from 0. */
  readonly position: number;
}

interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Fields allowed on the left-hand side: those of Docker Swarm, plus `node.attributes.*`. */
const FIELDS: Readonly<Record<string, { source: 'name' | 'attribute'; key: string }>> = Object.freeze({
  'node.name': { source: 'name', key: '' },
  'node.hostname': { source: 'attribute', key: 'hostname' },
  'node.role': { source: 'attribute', key: 'role' },
  'node.platform.os': { source: 'attribute', key: 'os' },
  'node.platform.arch': { source: 'attribute', key: 'arch' },
});

/** Longer ones are rejected unread. */
const MAX_LENGTH = 4096;

/**
 * Parses `node.labels.zone == a`, `node.hostname != b`, `node.role == manager`, `engine.labels.x == y`,
 * `node.platform.os == linux`, `node.attributes.x == y`; at most 4,096 characters, in linear time.
 */
export function parseConstraint(text: string): Constraint | ParseProblem {
  if (text.length > MAX_LENGTH) {
    return { message: `expected at most ${MAX_LENGTH} characters`, position: MAX_LENGTH };
  }
  const fieldAt = skip(text, 0, isSpace);
  const fieldEnd = skip(text, fieldAt, (char) => !isSpace(char) && char !== '=' && char !== '!');
  const field = text.slice(fieldAt, fieldEnd);
  if (field === '') return { message: 'expected a field such as node.labels.zone', position: fieldAt };
  const resolved = parseNodeField(field);
  if ('message' in resolved) return { message: resolved.message, position: fieldAt + resolved.position };
  const operatorAt = skip(text, fieldEnd, isSpace);
  const operator = text.slice(operatorAt, operatorAt + 2);
  if (operator !== '==' && operator !== '!=') return { message: 'expected == or !=', position: operatorAt };
  const valueAt = skip(text, operatorAt + 2, isSpace);
  const first = text.charAt(valueAt);
  if (first === '' || first === '=' || first === '!')
    return { message: 'expected a value', position: valueAt };
  const valueEnd = skip(text, valueAt, (char) => !isSpace(char));
  const rest = skip(text, valueEnd, isSpace);
  if (rest < text.length) return { message: 'expected the end of the constraint', position: rest };
  return { text, ...resolved, operator, value: text.slice(valueAt, valueEnd) };
}

/** The first position from `at` on whose character does not fit. */
function skip(text: string, at: number, fits: (char: string) => boolean): number {
  let position = at;
  while (position < text.length && fits(text.charAt(position))) position++;
  return position;
}

function isSpace(char: string): boolean {
  return char.trim() === '';
}

/** Parses the left side alone, as in a spread preference: `node.labels.zone`. */
export function parseNodeField(field: string): Pick<Constraint, 'source' | 'key'> | ParseProblem {
  if (field.length > MAX_LENGTH)
    return { message: `expected at most ${MAX_LENGTH} characters`, position: MAX_LENGTH };
  const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (known !== undefined) return known;
  for (const [prefix, source] of [
    ['node.labels.', 'label'],
    ['node.attributes.', 'attribute'],
    ['engine.labels.', 'attribute'],
  ] as const) {
    if (!field.startsWith(prefix)) continue;
    const key = field.slice(prefix.length);
    return key === ''
      ? { message: `expected a name after ${prefix}`, position: prefix.length }
      : // A runtime reports the labels of its engine as attributes of this very name.
        { source, key: prefix === 'engine.labels.' ? field : key };
  }
  return {
    message: `unknown field "${field}": expected node.labels.*, node.attributes.*, engine.labels.*, ${Object.keys(FIELDS).join(', ')}`,
    position: 0,
  };
}

/** The value a node has for a field, if any. */
export function nodeField(node: NodeFacts, field: Pick<Constraint, 'source' | 'key'>): string | undefined {
  if (field.source === 'name') return node.name;
  return field.source === 'label' ? node.labels[field.key] : node.attributes[field.key];
}

/** Whether a node satisfies a constraint; a missing label differs from every value. */
export function satisfies(node: NodeFacts, constraint: Constraint): boolean {
  return (nodeField(node, constraint) === constraint.value) === (constraint.operator === '==');
}
