import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Constraint, parseConstraint, parseNodeField, satisfies } from '../src/model/index.ts';

const node = {
  name: 'n1',
  labels: { zone: 'a', 'acme.io/tier': 'gold' },
  attributes: {
    hostname: 'host-1',
    os: 'linux',
    arch: 'arm64',
    runtime: 'docker',
    role: 'manager',
    'engine.labels.operatingsystem': 'debian 12',
  },
};

function holds(text: string): boolean {
  const parsed = parseConstraint(text);
  if ('message' in parsed) throw new Error(`${text}: ${parsed.message}`);
  return satisfies(node, parsed);
}

describe('a constraint', () => {
  test.each([
    ['node.name == n1', true],
    ['node.name != n1', false],
    ['node.labels.zone == a', true],
    ['node.labels.zone==a', true],
    ['  node.labels.zone   ==   a  ', true],
    ['node.labels.zone != a', false],
    ['node.labels.acme.io/tier == gold', true],
    ['node.hostname == host-1', true],
    ['node.platform.os == linux', true],
    ['node.platform.arch != arm64', false],
    ['node.attributes.runtime == docker', true],
    ['node.role == manager', true],
    ['node.role != manager', false],
    ['engine.labels.operatingsystem != debian', true],
    ['engine.labels.missing == x', false],
  ])('%s is %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  test('a label that is missing equals nothing and differs from everything', () => {
    expect(holds('node.labels.disk == ssd')).toBe(false);
    expect(holds('node.labels.disk != ssd')).toBe(true);
  });

  test('keeps the text as the user wrote it', () => {
    expect((parseConstraint(' node.name==x ') as Constraint).text).toBe(' node.name==x ');
  });

  test.each([
    ['', 0, 'expected a field'],
    ['   ', 3, 'expected a field'],
    ['== a', 0, 'expected a field'],
    ['node.color == red', 0, 'unknown field "node.color"'],
    ['  node.color == red', 2, 'unknown field "node.color"'],
    ['node.labels. == a', 12, 'expected a name after node.labels.'],
    [' node.attributes. == a', 17, 'expected a name after node.attributes.'],
    ['engine.labels. == a', 14, 'expected a name after engine.labels.'],
    ['node.labels.zone', 16, 'expected == or !='],
    ['node.labels.zone a', 17, 'expected == or !='],
    ['node.labels.zone = a', 17, 'expected == or !='],
    ['node.labels.zone > a', 17, 'expected == or !='],
    ['node.labels.zone ==', 19, 'expected a value'],
    ['node.labels.zone ==  ', 21, 'expected a value'],
    ['node.labels.zone == a b', 22, 'expected the end'],
    ['node.labels.zone ==  a  and b', 24, 'expected the end'],
  ])('%j is rejected at position %i: %s', (text, position, message) => {
    const parsed = parseConstraint(text);
    expect(parsed).toMatchObject({ position, message: expect.stringContaining(message) });
  });

  test.each([
    ['spaces', ' '.repeat(4096)],
    ['spaces behind a field', `node.name${' '.repeat(4087)}`],
    ['spaces behind an operator', `node.name ==${' '.repeat(4084)}`],
    ['spaces behind a value', `node.name == a${' '.repeat(4081)}b`],
    ['one long word', 'a'.repeat(4096)],
    ['operators', '='.repeat(4096)],
    ['words and spaces', 'a '.repeat(2048)],
    ['line ends', `node.name == a${'\n'.repeat(4081)}`],
  ])('a text of 4,096 characters is read in linear time: %s', (_what, text) => {
    // A look at each character, not a time: what is quadratic would look millions of times.
    let looks = 0;
    const counted = Object.assign(Object.create(null), {
      length: text.length,
      charAt: (at: number) => {
        looks++;
        return text.charAt(at);
      },
      slice: (from: number, to: number) => text.slice(from, to),
    }) as string;
    parseConstraint(counted);
    expect(looks).toBeLessThan(2 * text.length + 10);
  });

  test('a text of more than 4,096 characters is rejected, and so is such a field', () => {
    const text = `node.name == ${'a'.repeat(4084)}`;
    expect(parseConstraint(text)).toMatchObject({
      position: 4096,
      message: 'expected at most 4096 characters',
    });
    expect(parseConstraint(text.slice(0, 4096))).toMatchObject({ operator: '==' });
    expect(parseNodeField(`node.labels.${'a'.repeat(4085)}`)).toMatchObject({ position: 4096 });
  });

  test('any text is parsed or rejected at a position inside the text, and never throws', () => {
    const piece = fc.constantFrom('node.labels.', 'node.name', 'zone', ' ', '==', '!=', '=', '!', 'a', '\n');
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseConstraint(input);
        if (!('message' in parsed)) return;
        expect(parsed.position).toBeGreaterThanOrEqual(0);
        expect(parsed.position).toBeLessThanOrEqual(input.length);
      }),
    );
  });

  test('one that was put together from its parts is parsed into these parts', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,10}$/);
    const space = fc.stringMatching(/^ {0,3}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom('==', '!='), space, space, (key, value, operator, a, b) => {
        const text = `${a}node.labels.${key}${b}${operator}${a}${value}${b}`;
        expect(parseConstraint(text)).toEqual({ text, source: 'label', key, operator, value });
      }),
    );
  });

  test('== and != of the same field and value are opposites on every node', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('zone', 'disk'), fc.constantFrom('a', 'b')), (labels) => {
        const at = { ...node, labels };
        const [is, isNot] = ['==', '!='].map((operator) =>
          satisfies(at, parseConstraint(`node.labels.zone ${operator} a`) as Constraint),
        );
        expect(is).toBe(!isNot);
      }),
    );
  });
});

describe('a field of a node', () => {
  test('is known by the words of Docker Swarm', () => {
    expect(parseNodeField('node.hostname')).toEqual({ source: 'attribute', key: 'hostname' });
    expect(parseNodeField('node.labels.zone')).toEqual({ source: 'label', key: 'zone' });
  });

  test('is reported with the known fields if it is unknown', () => {
    const problem = parseNodeField('engine.x');
    expect(problem).toMatchObject({ position: 0, message: expect.stringContaining('node.platform.os') });
  });

  test.each(['toString', 'constructor', '__proto__'])('%s is not a field', (field) => {
    expect(parseNodeField(field)).toHaveProperty('message');
  });
});
