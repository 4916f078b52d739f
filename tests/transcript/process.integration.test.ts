import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { read, root } from '../docs/support/documents.ts';
import { type BuiltCli, buildCli } from './support/built-cli.ts';
import { Names, normalise } from './support/normalise.ts';
import { type Step, stepsOf, withSteps } from './support/script.ts';
import { isAlive, linesOf, pidsOf, Terminal } from './support/terminal.ts';

const DOCUMENT = 'docs/guide/first-cluster.md';
/** Whose home the document shows. */
const HOME = '/home/me';
/** Writes what the commands say into the document instead of comparing. */
const UPDATE = process.env.GANTRY_UPDATE_DOCS === '1';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli[Symbol.asyncDispose]());

/** Runs a step in a terminal; what it says is as the document would have it. */
async function perform(
  terminal: Terminal,
  { command, output, interrupted }: Step,
  names: Names,
): Promise<{ command: string; output: readonly string[]; code: number }> {
  const line = names.apply(command);
  const ran = await terminal.run(line, interrupted ? { interruptAfter: Math.max(1, output.length) } : {});
  names.learn(ran.output);
  const lines = linesOf(ran.output.replaceAll(terminal.home, HOME));
  return {
    command: line,
    output: lines.filter((text, index) => text !== '' || index < lines.length - 1),
    code: ran.code,
  };
}

/** Whether a step ended as its output in the document says. */
function endedWell({ output, interrupted }: Step, code: number): boolean {
  if (interrupted) return code === 0 || code === 130;
  return (code === 0) === !output.some((text) => text.startsWith('error: '));
}

test(`the commands of ${DOCUMENT} print the documented output, and leave nothing behind`, {
  timeout: 600_000,
}, async () => {
  const markdown = read(DOCUMENT);
  const steps = stepsOf(markdown);
  const names = new Names();
  const ran: { command: string; output: readonly string[]; interrupted: boolean }[] = [];
  const pids = new Set<number>();
  let drained: string | undefined;
  await using terminal = await Terminal.open(cli.bin);
  try {
    for (const step of steps) {
      const { command, output, code } = await perform(terminal, step, names);
      ran.push({ command, output, interrupted: step.interrupted });
      const where = `${DOCUMENT}:${step.line} $ ${command}\n${output.join('\n')}`;
      expect(
        endedWell(step, code),
        `${where}
ended with ${code}`,
      ).toBe(true);
      if (!UPDATE) expect(normalise(output), where).toEqual(normalise(step.output));
      if (command.startsWith('gantry drain ')) drained = command.slice('gantry drain '.length);
      if (command.startsWith('gantry uncordon ')) drained = undefined;
      if (!command.startsWith('gantry get tasks')) continue;
      if (drained !== undefined)
        expect(
          output.filter((text) => text.includes(` ${drained} `)),
          where,
        ).toEqual([]);
      for (const pid of await pidsOf(terminal, 'gantry')) pids.add(pid);
    }
  } finally {
    await terminal.run('gantry down --kill');
  }
  if (UPDATE) writeFileSync(join(root, DOCUMENT), withSteps(markdown, steps, ran));
  expect(pids.size).toBeGreaterThan(3);
  expect([...pids].filter(isAlive)).toEqual([]);
  expect(await terminal.traces('gantry')).toEqual([]);
});

test(`${DOCUMENT} shows every command that a first cluster needs`, () => {
  const commands = stepsOf(read(DOCUMENT)).map(({ command }) => command);
  const wanted = [
    'up -d',
    'apply -f examples/walkthrough/',
    'get ',
    'describe ',
    'logs ',
    'logs -f ',
    'scale ',
    'set env ',
    'rollout status ',
    'rollout undo ',
    'explain ',
    'drain ',
    'exec ',
    'delete ',
    'down',
  ];
  expect(
    wanted.filter((start) => !commands.some((command) => command.startsWith(`gantry ${start}`))),
  ).toEqual([]);
});
