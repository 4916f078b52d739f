import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '@gantry/core';
import { SystemClock, SystemRandom } from '@gantry/system';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
// The tree of commands is not exported by the package.
import type { Io, Output } from '../../packages/cli/src/io/io.ts';
import { run } from '../../packages/cli/src/main.ts';
import { buildProgram } from '../../packages/cli/src/program.ts';
import { blocksOf, documents, read, root } from './support/documents.ts';
import { type Mention, mentionsOf, wordsOf } from './support/mentions.ts';

/** The documents, and the READMEs of plugins and examples. */
const all = [
  // Generated from the commands themselves.
  ...documents().filter((document) => document !== 'docs/cli.md'),
  ...['plugins', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => `${folder}/${name}/README.md`)
      .filter((file) => existsSync(join(root, file))),
  ),
];

/** What a name alone, in the middle of a sentence, may leave out. */
const LEFT_OUT = [
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.help',
];

/** They do something to this machine before, or without, asking a cluster. */
const OF_THIS_MACHINE: ReadonlySet<string | undefined> = new Set([
  'up',
  'down',
  'server',
  'agent',
  'snapshot',
  'context',
  'doctor',
]);

const USAGE = 2;

/** What the program itself says against a command line. No cluster is reached, and nothing is changed. */
async function problemOf({ text, whole }: Mention): Promise<string | undefined> {
  const argv = wordsOf(text).slice(1);
  const program = await buildProgram('all', () => async () => undefined);
  const silence = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    for (const each of command.commands) silence(each);
  };
  silence(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || (!whole && LEFT_OUT.includes(error.code))) return undefined;
    return error.message;
  }
  if (OF_THIS_MACHINE.has(argv[0])) return undefined;
  const problem = await usageProblem(argv);
  // `gantry plan`: of a file, which is left out.
  return !whole && /USAGE expected /.test(problem ?? '') ? undefined : problem;
}

/** What a command has against its operands, which it says before it asks the cluster. */
async function usageProblem(argv: readonly string[]): Promise<string | undefined> {
  let said = '';
  const output = (write: (text: string) => void): Output => ({ write, isTTY: false, columns: 80, rows: 24 });
  const io: Io = {
    stdout: output(() => undefined),
    stderr: output((text) => {
      said += text;
    }),
    stdin: { isTTY: false, read: async function* () {}, setRawMode: () => undefined },
    env: { GANTRY_CONFIG: join(root, 'no-such-file'), GANTRY_SERVER: 'http://127.0.0.1:1' },
    cwd: join(root, 'docs'),
    system: async () => ({ clock: new SystemClock(), random: new SystemRandom() }),
    signal: new AbortController().signal,
    onResize: () => () => undefined,
    connect: async () => {
      throw new GantryError('UNAVAILABLE', 'no cluster is asked');
    },
    self: [],
  };
  return (await run(argv, io)) === USAGE ? said.trim() : undefined;
}

describe.each(all)('%s', (document) => {
  test('names commands and options of `gantry` that there are', async () => {
    const problems: string[] = [];
    for (const mention of mentionsOf(read(document), (text) => blocksOf(document, text))) {
      const problem = await problemOf(mention);
      if (problem !== undefined) problems.push(`${document}:${mention.line} ${mention.text}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });
});

test('the guide names most of the commands', () => {
  const guide = all.filter((document) => document.startsWith('docs/guide/'));
  const named = new Set(
    guide.flatMap((document) =>
      mentionsOf(read(document), (text) => blocksOf(document, text)).map(({ text }) => wordsOf(text)[1]),
    ),
  );
  expect(named.size).toBeGreaterThan(20);
});

describe('the check itself', () => {
  test.each([
    ['gantry gett nodes', /unknown command 'gett'/],
    ['gantry rollout redo web', /unknown command 'redo'/],
    ['gantry get nodes --nope', /unknown option '--nope'/],
    ['gantry up --runtime podman', /podman.*Allowed choices/],
    ['gantry rollout undo web now', /too many arguments/],
    ['gantry rollout undo', /missing required argument/],
    ['gantry scale web 5', /expected --replicas COUNT/],
    ['gantry get services -o yml', /yml/],
  ])('finds what does not exist: %s', async (text, message) => {
    expect(await problemOf({ text, line: 1, whole: true })).toMatch(message);
  });

  test('allows a command in a sentence without its arguments, and no further', async () => {
    expect(await problemOf({ text: 'gantry rollout undo', line: 1, whole: false })).toBeUndefined();
    expect(await problemOf({ text: 'gantry rollout', line: 1, whole: false })).toBeUndefined();
    expect(await problemOf({ text: 'gantry rollout redo', line: 1, whole: false })).toMatch(/redo/);
  });

  test('commands are found in blocks, behind prompts, variables and pipes, and in code within lines', () => {
    const markdown = [
      '| `gantry top` | `gantry get tasks -A`, `docker ps` |',
      '```console',
      '$ A=1 gantry logs web | head -3   # gantry nope',
      'gantry is not a command here',
      '$ npx gantry down && gantry up -d',
      '```',
      '```sh',
      'gantry info',
      '```',
    ].join('\n');
    expect(mentionsOf(markdown, (text) => blocksOf('a.md', text))).toEqual([
      { line: 1, text: 'gantry top', whole: false },
      { line: 1, text: 'gantry get tasks -A', whole: false },
      { line: 3, text: 'gantry logs web', whole: true },
      { line: 5, text: 'gantry down', whole: true },
      { line: 5, text: 'gantry up -d', whole: true },
      { line: 8, text: 'gantry info', whole: true },
    ]);
    expect(wordsOf(`gantry exec web -- sh -c 'echo "a b"'`)).toEqual([
      'gantry',
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'echo "a b"',
    ]);
  });
});
