import fc from 'fast-check';
import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { parseFormat, renderYaml } from '../src/output/format.ts';
import { evaluate, parseJsonPath, renderJsonPath } from '../src/output/jsonpath.ts';
import { CliError, problemOf } from '../src/output/problem.ts';
import { showBytes, showCpu, showShare } from '../src/output/quantity.ts';
import { renderProblem } from '../src/output/render-problem.ts';
import { sortBy } from '../src/output/sort-by.ts';
import { didYouMean, similar } from '../src/output/suggest.ts';
import { renderTable } from '../src/output/table.ts';

const plain = picocolors.createColors(false);
const data = {
  items: [
    { meta: { name: 'a' }, n: 10 },
    { meta: { name: 'b' }, n: 9 },
  ],
  none: null,
};

describe('jsonpath', () => {
  test.each([
    ['{.items[*].meta.name}', 'a b'],
    ['.items[0].meta.name', 'a'],
    ['{.items[0]}', '{"meta":{"name":"a"},"n":10}'],
    ['{range .items[*]}{.meta.name}={.n}{"\\n"}{end}', 'a=10\nb=9\n'],
    ['name: {.items[1].meta.name}!', 'name: b!'],
    ['{.items[?(@.n>9)].meta.name}', 'a'],
    ['{.missing}', ''],
    ['{$.items[0].n}', '10'],
    ['{"{}"}{\'"\'}', '{}"'],
  ])('%s gives %j', (template, text) => {
    expect(renderJsonPath(parseJsonPath(template), data)).toBe(text);
  });

  test.each([
    ['{range .items[*]}x', 'without {end}'],
    ['{end}', 'without {range}'],
    ['{}', 'is empty'],
    ['{.a', 'brace'],
    ['a}', 'brace'],
    ['{.a{.b}', 'brace'],
    ["{'a}", 'brace'],
    ['{"'.repeat(2048), 'brace'],
    ["{'\\".repeat(1365), 'brace'],
    [`{${'.a'.repeat(2048)}`, 'expected at most 4096 characters, got 4097'],
    [`{${'.a'.repeat(600)}}`, 'path of 1200 characters: expected at most 1024'],
    [`{${'..*'.repeat(5)}}`, 'more than 4 ".." in one path'],
    ['{range .a}'.repeat(17), 'more than 16 ranges'],
  ])('%s is rejected', (template, reason) => {
    expect(() => parseJsonPath(template)).toThrow(reason);
  });

  test('a filter cannot run code', () => {
    expect(() => evaluate('$.items[?(process.exit(1))]', data)).toThrow('jsonpath');
  });
});

test('sorting by a field compares numbers as numbers, and puts missing values first', () => {
  expect(sortBy(data.items, '.n').map(({ n }) => n)).toEqual([9, 10]);
  const names = ['web-10', 'web-9', undefined].map((name) => ({ name }));
  expect(sortBy(names, '{.name}').map(({ name }) => name)).toEqual([undefined, 'web-9', 'web-10']);
});

test('columns are aligned, separated by three spaces, and no line ends in spaces', () => {
  expect(
    renderTable([
      ['NAME', 'AGE'],
      ['web', '3s'],
      ['longer-name', ''],
    ]),
  ).toBe('NAME          AGE\nweb           3s\nlonger-name\n');
  expect(renderTable([])).toBe('');
});

test('colours take no width in a table', () => {
  const coloured = renderTable([
    ['A', 'B'],
    [picocolors.createColors(true).red('xx'), 'y'],
  ]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe('A    B\nxx   y\n');
});

test.each([
  [64 * 2 ** 20, '64Mi'],
  [1.5 * 2 ** 30, '1.5Gi'],
  [512, '512'],
  [0, '0'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(showBytes(bytes)).toBe(shown);
});

test('CPU is shown in millicores below a core, and shares of nothing are unknown', () => {
  expect([showCpu(250), showCpu(2000), showCpu(1500)]).toEqual(['250m', '2', '1.5']);
  expect([showShare(1, 4), showShare(1, 0), showShare(1, undefined)]).toEqual(['25%', '-', '-']);
});

test.each([
  [undefined, { type: 'table', wide: false }],
  ['wide', { type: 'table', wide: true }],
  ['yaml', { type: 'yaml' }],
  ['jsonpath={.a}', { type: 'jsonpath', template: '{.a}' }],
])('-o %s', (text, format) => {
  expect(parseFormat(text)).toEqual(format);
});

test('an unknown format is a usage error that lists the known ones', () => {
  expect(() => parseFormat('xml')).toThrow('wide, json, yaml, name, jsonpath=TEMPLATE');
  expect(() => parseFormat('jsonpath=')).toThrow('jsonpath=TEMPLATE');
});

test('YAML is not folded, and equal parts are written out', async () => {
  const shared = { a: 'x '.repeat(100) };
  expect(await renderYaml({ one: shared, two: shared })).not.toMatch(/[&*>]/);
});

describe('suggestions', () => {
  test.each([
    ['wbe', ['web', 'api'], ['web']],
    ['servces', ['services', 'service', 'tasks'], ['services', 'service']],
    ['x', ['web'], []],
    ['frontend', ['backend'], []],
  ])('%s among %j: %j', (word, known, found) => {
    expect(similar(word, known)).toEqual(found);
  });

  test('the word itself is the nearest, and the answer is at most three of the known words', () => {
    const word = fc.string({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(word, fc.array(word), (own, others) => {
        const found = similar(own, [...others, own]);
        expect(found[0]).toBe(own);
        expect(found.length).toBeLessThanOrEqual(3);
        for (const each of found) expect([...others, own]).toContain(each);
      }),
    );
  });

  test('a word without a similar one gets no suggestion', () => {
    expect(didYouMean('zzzz', ['web'])).toBeUndefined();
  });
});

describe('problems', () => {
  test('issues are printed on separate lines, with their paths, and not repeated', () => {
    const problem = {
      code: 'INVALID_OBJECT',
      message: 'service web: spec.replicas: expected a number; spec.x: unknown field',
      issues: [
        { path: 'spec.replicas', message: 'expected a number' },
        { path: 'spec.x', message: 'unknown field' },
      ],
    };
    expect(renderProblem(problem, plain)).toBe(
      'error: INVALID_OBJECT service web\n  spec.replicas: expected a number\n  spec.x: unknown field\n',
    );
  });

  test("a command's own hint goes before the general one", () => {
    expect(renderProblem(new CliError('NOT_FOUND', 'x not found', 'did you mean y?'), plain)).toBe(
      'error: NOT_FOUND x not found\nhint: did you mean y?\n',
    );
    expect(renderProblem(new CliError('UNAVAILABLE', 'no'), plain)).toContain('gantry doctor');
  });

  test('every thrown value has a code: missing files, bugs, several errors at once', () => {
    expect(problemOf(Object.assign(new Error('no such file'), { code: 'ENOENT' })).code).toBe('NOT_FOUND');
    expect(problemOf(new TypeError('x is not a function'))).toMatchObject({ code: 'INTERNAL' });
    expect(problemOf('text').message).toBe('text');
    expect(problemOf(new AggregateError([new Error('a'), new Error('b')], 'both')).message).toBe(
      'both; a; b',
    );
  });
});
