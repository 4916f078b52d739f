import { expect, test } from 'vitest';
import { Names, normalise } from './support/normalise.ts';
import { stepsOf, withSteps } from './support/script.ts';

const DOCUMENT = `# Title

\`\`\`console
$ gantry up -d
Process:  12
$ gantry logs -f web
listening
^C
\`\`\`

\`\`\`yaml
$ not: this
\`\`\`

\`\`\`console
$ gantry down

\`\`\`
`;

test('a document has the steps of its console blocks, and no other', () => {
  expect(stepsOf(DOCUMENT).map(({ line, ...step }) => step)).toEqual([
    { command: 'gantry up -d', output: ['Process:  12'], interrupted: false },
    { command: 'gantry logs -f web', output: ['listening'], interrupted: true },
    { command: 'gantry down', output: [], interrupted: false },
  ]);
});

test('an up-to-date document stays unchanged', () => {
  const steps = stepsOf(DOCUMENT);
  expect(withSteps(DOCUMENT, steps, steps)).toBe(DOCUMENT);
});

test('other outputs take the place of those that were there', () => {
  const steps = stepsOf(DOCUMENT);
  const ran = steps.map((step, index) => ({ ...step, output: [`${index}`, 'more'] }));
  const text = withSteps(DOCUMENT, steps, ran);
  expect(stepsOf(text).map(({ output }) => output)).toEqual([
    ['0', 'more'],
    ['1', 'more'],
    ['2', 'more'],
  ]);
  expect(text.match(/^\^C$/gm)).toHaveLength(1);
  expect(text).toContain('$ not: this');
});

test.each([
  [
    'web.1.edprrhjs   1   node-2   running   yes   3s',
    'web.1.h0000qs5   1   node-1     running   yes   1m12s',
  ],
  ['Process:   1234', 'Process:  99'],
  ['web   2/2   44963→8080/tcp   4s', 'web   2/2   1→8080/tcp    500ms'],
  ['455163725cc48b1e   node -e   4s ago', '56749f595c9e60b1   node -e   1h2m ago'],
  ['  node-1 has 23.47Gi of 23.54Gi memory free', '  node-3 has 1Gi of 5Mi memory free'],
  [
    'too little memory (nearest: node-1 lacks 3.98Ti memory)',
    'too little memory (nearest: node-2 lacks 3Gi memory)',
  ],
])('differences between runs do not count: %s', (one, other) => {
  expect(normalise([one])).toEqual(normalise([other]));
});

test.each([
  ['web.1.edprrhjs   1   node-2   running', 'web.2.edprrhjs   1   node-2   running'],
  ['web.1.edprrhjs   1   node-2   running', 'web.1.edprrhjs   1   node-2   failed'],
  ['web   2/2   44963→8080/tcp   4s', 'web   1/2   44963→8080/tcp   4s'],
  ['node/node-2 drained', 'node/node-1 drained'],
  ['hello', 'ahoy'],
])('words and numbers count: %s, %s', (one, other) => {
  expect(normalise([one])).not.toEqual(normalise([other]));
});

test('the visible steps of a progress do not count, only its result does', () => {
  const one = [
    'web: 1 of 2 tasks are updated, 1 are ready',
    'web: 2 of 2 tasks are ready',
    'service/web is up to date',
  ];
  expect(normalise(one)).toEqual(normalise(['web: 2 of 2 tasks are ready', 'service/web is up to date']));
  expect(normalise(one)).not.toEqual([]);
});

test('names of this run take the place of those of the document', () => {
  const names = new Names();
  names.learn('web.1.edprrhjs   node-1\nweb   2/2   44963→8080/tcp');
  expect(names.apply('gantry describe task web.1.aaaaaaaa')).toBe('gantry describe task web.1.edprrhjs');
  expect(names.apply('gantry describe task web.2.aaaaaaaa')).toBe('gantry describe task web.2.aaaaaaaa');
  expect(names.apply('curl http://127.0.0.1:1/')).toBe('curl http://127.0.0.1:44963/');
});
