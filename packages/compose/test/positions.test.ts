import { isGantryError } from '@gantry/core';
import { expect, test } from 'vitest';
import { formatProblems, problemsOf } from '../src/index.ts';
import { convert, type Files, refusal, type Setup } from './support/project.ts';

/** The reported place of each problem, with the text at that place. */
async function places(files: Files, setup?: Setup): Promise<readonly string[]> {
  const found = await refusal(files, setup);
  return found.map((text) => {
    const [, file = '', line, column] = /^(.+?):(\d+):(\d+)/.exec(text) ?? [];
    const rest = files[file]?.split('\n')[Number(line) - 1]?.slice(Number(column) - 1);
    return `${file} ${rest}`;
  });
}

test('a problem points at the value that is at fault', async () => {
  const compose = 'services:\n  web:\n    image: x\n    restart:   sometimes\n';
  expect(await places({ 'compose.yaml': compose })).toEqual(['compose.yaml sometimes']);
});

test('a problem after merging is reported at the file whose value it is', async () => {
  const files = {
    'a.yaml': 'services:\n  web:\n    image: x\n    tty: true\n    ports: ["1:x"]\n',
    'b.yaml': 'services:\n  web:\n    privileged: true\n    ports:\n      - "2:y"\n',
  };
  expect(await places(files, { files: ['a.yaml', 'b.yaml'] })).toEqual([
    'a.yaml true',
    'a.yaml "1:x"]',
    'b.yaml true',
    'b.yaml "2:y"',
  ]);
});

test('a problem after extends is reported at the extended file', async () => {
  const files = {
    'compose.yaml': 'services:\n  web:\n    extends: { file: base.yaml, service: base }\n    image: x\n',
    'base.yaml': 'services:\n  base:\n    tty: true\n',
  };
  expect(await places(files)).toEqual(['base.yaml true']);
});

test('a problem after include is reported at the included file', async () => {
  const files = {
    'compose.yaml': 'include: [sub/a.yaml]\nservices: { web: { image: x } }\n',
    'sub/a.yaml': 'services:\n  db: { image: y, tty: true }\n',
  };
  expect(await places(files)).toEqual(['sub/a.yaml true }']);
});

test('a problem after interpolation is reported at the text with the variable', async () => {
  const compose = `services:\n  web: { image: x, scale: "\${N}" }\n`;
  expect(await places({ 'compose.yaml': compose }, { env: { N: 'many' } })).toEqual([
    `compose.yaml "\${N}" }`,
  ]);
});

test('an alias and a merge key are reported where they are used', async () => {
  const compose =
    'x-a: &a { tty: true }\nx-b: &b sometimes\nservices:\n  web: { image: x, <<: *a, restart: *b }\n';
  expect(await places({ 'compose.yaml': compose })).toEqual([
    'compose.yaml true }',
    'compose.yaml sometimes',
  ]);
});

test('a short form is reported at the entry that contains it', async () => {
  const compose = 'services:\n  web:\n    image: x\n    depends_on:\n      - db\n';
  expect(await places({ 'compose.yaml': compose })).toEqual(['compose.yaml db']);
});

test('an error carries every problem as an issue, and its text has them all, from top to bottom', async () => {
  const compose = 'services:\n  web: { image: x, tty: true, privileged: true, restart: often }\n';
  const error: unknown = await convert({ 'compose.yaml': compose }).catch((thrown: unknown) => thrown);
  expect(isGantryError(error, 'INVALID_OBJECT')).toBe(true);
  const problems = problemsOf(error);
  expect(problems.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
    'unsupported services.web.tty',
    'unsupported services.web.privileged',
    'invalid services.web.restart',
  ]);
  expect(String(error)).toContain(formatProblems(problems));
});

test('an error of other code carries no problems', () => {
  expect(problemsOf(new Error('x'))).toEqual([]);
  expect(problemsOf({ issues: [{ path: 'a', message: 'b' }] })).toEqual([]);
  expect(problemsOf(undefined)).toEqual([]);
});
