/** A parsed placement constraint, such as `node.labels.zone == a`. */
export interface Constraint {
  /** As the user wrote it. */
  readonly text: string;
  readonly source: 'name' | 'label' | 'attribute';
  /** The label or attribute; empty for `name`. */
  readonly key: string;
  readonly operator: '==' | '!=';
  readonly value: string;
}

/** Where a constraint or preference could not be parsed. */
export interface ParseProblem {
  readonly message: string;
  /** Of the offending character, from 0. */
  readonly position: number;
}

interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What may stand on the left: the words of Docker Swarm, plus `node.attributes.*`. */
const FIELDS: Readonly<Record<string, { source: 'name' | 'attribute'; key: string }>> = Object.freeze({
  'node.name': { source: 'name', key: '' },
  'node.hostname': { source: 'attribute', key: 'hostname' },
  'node.platform.os': { source: 'attribute', key: 'os' },
  'node.platform.arch': { source: 'attribute', key: 'arch' },
});

/** Parses `node.labels.zone == a`, `node.hostname != b`, `node.platform.os == linux`, `node.attributes.x == y`. */
export function parseConstraint(text: string): Constraint | ParseProblem {
  const match = /^(\s*)([^\s=!]+)(\s*)(==|!=)?(\s*)([^\s=!]\S*)?(\s*)(.*)$/.exec(text);
  const [, lead = '', field = '', gap = '', operator, gap2 = '', value, gap3 = '', rest = ''] = match ?? [];
  if (field === '') {
    const position = text.length - text.trimStart().length;
    return { message: 'expected a field such as node.labels.zone', position };
  }
  const resolved = parseNodeField(field);
  if ('message' in resolved) return { message: resolved.message, position: lead.length + resolved.position };
  const afterField = lead.length + field.length + gap.length;
  if (operator === undefined) return { message: 'expected == or !=', position: afterField };
  const afterOperator = afterField + operator.length + gap2.length;
  if (value === undefined) return { message: 'expected a value', position: afterOperator };
  if (rest !== '') {
    return {
      message: 'expected the end of the constraint',
      position: afterOperator + value.length + gap3.length,
    };
  }
  return { text, ...resolved, operator: operator as '==' | '!=', value };
}

/** Parses the left side alone, as in a spread preference: `node.labels.zone`. */
export function parseNodeField(field: string): Pick<Constraint, 'source' | 'key'> | ParseProblem {
  const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (known !== undefined) return known;
  for (const [prefix, source] of [
    ['node.labels.', 'label'],
    ['node.attributes.', 'attribute'],
  ] as const) {
    if (!field.startsWith(prefix)) continue;
    const key = field.slice(prefix.length);
    return key === ''
      ? { message: `expected a name after ${prefix}`, position: prefix.length }
      : { source, key };
  }
  return {
    message: `unknown field "${field}": expected node.labels.*, node.attributes.*, ${Object.keys(FIELDS).join(', ')}`,
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
