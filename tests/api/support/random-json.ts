import type { SeededRandom } from '@gantry/testing';

interface Schema {
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly required?: readonly string[];
}

const STRANGE: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 1,
  true,
  [],
  {},
  [[]],
  ' ',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\u0000b',
  '\ud800',
  'ä'.repeat(70),
  'x'.repeat(5000),
  '%24{x}',
  'constructor',
  'toString',
  { toString: 1 },
  { length: -1 },
];

const NAMES = [
  '',
  'x',
  'spec',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '0',
  'length',
  'then',
  'ä',
  'a.b',
  '$ref',
];

/** Values that are like what a schema describes, and wrong in at least one place. */
export class RandomJson {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.next() * values.length)] as T;
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  strange(): unknown {
    return this.pick(STRANGE);
  }

  /** Right in most places. */
  like(schema: Schema, wrong = 0.15): unknown {
    if (this.chance(wrong)) return this.strange();
    const branches = schema.anyOf ?? schema.oneOf;
    if (branches !== undefined) return this.like(this.pick(branches), wrong);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return this.pick(schema.enum);
    switch (schema.type) {
      case 'object':
        return this.#object(schema, wrong);
      case 'array':
        return Array.from({ length: Math.floor(this.#random.next() * 3) }, () =>
          this.like(schema.items ?? {}, wrong),
        );
      case 'integer':
      case 'number':
        return (schema.minimum ?? 0) + Math.floor(this.#random.next() * 5);
      case 'boolean':
        return this.chance(0.5);
      default:
        return this.pick(['web', 'a', 'zone', '10.0.0.0/24', '1Gi']);
    }
  }

  #object({ properties = {}, required = [] }: Schema, wrong: number): object {
    const object: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(properties)) {
      if (this.chance(required.includes(name) ? 1 - wrong / 2 : 0.4)) object[name] = this.like(schema, wrong);
    }
    if (this.chance(wrong)) object[this.pick(NAMES)] = this.strange();
    return object;
  }
}
