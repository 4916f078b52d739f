import { beforeAll, describe, expect, test } from 'vitest';
import { allBlocks, type Block, blocksOf, rewrite } from './support/documents.ts';
import { shellProblems } from './support/shell.ts';
import { snippet } from './support/snippet.ts';
import { typeProblems } from './support/type-check.ts';

/** Copies the sources into the documents instead of complaining. */
const UPDATE = process.env.GANTRY_UPDATE_DOCS === '1';

const blocks = allBlocks();
const copies = blocks.filter(({ source }) => source !== undefined);
const typed = blocks.filter(({ language, source }) => language === 'ts' && source === undefined);
const shell = blocks.filter(({ language }) => language === 'sh');

const block = (language: string, code: string, document: string): Block =>
  blocksOf(document, `\`\`\`${language}\n${code}\n\`\`\``)[0] as Block;

/** Blocks with a known fault, to see that it is found. */
const API = "await api.get('service', 'web');";
const faulty = [
  block(
    'ts',
    "import { contracts } from '@gantry/core';\n\nexport const id: number = contracts.store.id;",
    'a.md',
  ),
  block('ts', API, 'README.md'),
  block('ts', API, 'b.md'),
];

/** The problems of all blocks at once: one program costs as much as ten. */
let problems: readonly string[] = [];
beforeAll(() => {
  problems = typeProblems([...typed, ...faulty]);
}, 600_000);

describe('the code in the documents', () => {
  test.each(copies.map((copy) => [`${copy.document}:${copy.line}`, copy] as const))(
    'a snippet equals its source: %s',
    (_where, copy) => {
      const wanted = snippet(copy.source as string);
      if (UPDATE && copy.code !== wanted) rewrite(copy, wanted);
      else expect(copy.code).toBe(wanted);
    },
  );

  test('every other TypeScript block compiles', () => {
    expect(typed.length).toBeGreaterThan(10);
    const expected = ['a.md:', 'b.md:', 'README.md:2 '];
    expect(problems.filter((problem) => !expected.some((start) => problem.startsWith(start)))).toEqual([]);
  });

  test('every shell command names an existing program or file', () => {
    expect(shell.length).toBeGreaterThan(2);
    expect(shell.flatMap(shellProblems)).toEqual([]);
  });
});

describe('the checks themselves', () => {
  test('a type error is found, with its line', () => {
    expect(problems).toContainEqual(expect.stringMatching(/^a\.md:4 .*number/));
  });

  test('README.md has nothing given; other documents have the api', () => {
    expect(problems).toContainEqual(expect.stringMatching(/^README\.md:2 .*api/));
    expect(problems.filter((problem) => problem.startsWith('b.md'))).toEqual([]);
  });

  test.each([
    ['npm run no-such-script', /has no script no-such-script/],
    ['npm run bench -- no-such-bench', /no benchmark no-such-bench/],
    ['X=1 npx no-such-program', /no program no-such-program/],
    ['node scripts/no-such-file.mjs', /no file/],
    ['rm -rf somewhere', /unknown command/],
  ])('a shell command that names nothing is found: %s', (code, message) => {
    expect(shellProblems(block('sh', code, 'README.md'))).toEqual([expect.stringMatching(message)]);
  });

  test('a snippet is a file, a region or a declaration of it, and none may be missing', () => {
    expect(snippet('examples/embedded/src/main.ts#embedded')).toMatch(/^import [^#]*;$/);
    expect(snippet('packages/core/src/model/event.ts#Event')).toMatch(
      /^\/\*\* Something [\s\S]*export interface Event \{[\s\S]*\}$/,
    );
    expect(() => snippet('packages/core/src/model/event.ts#Nothing')).toThrow(/no declaration Nothing/);
    expect(() => snippet('packages/core/src/nothing.ts')).toThrow(/no such file/);
  });

  test('a marker belongs to the block that follows it, and to no other', () => {
    const text = '<!-- snippet: a.ts -->\n\n```ts\nx\n```\n\n<!-- snippet: b.ts -->\ntext\n```ts\ny\n```';
    expect(blocksOf('x.md', text).map(({ source }) => source)).toEqual(['a.ts', undefined]);
  });
});
