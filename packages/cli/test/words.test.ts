import { VERSION } from '@gantry/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { colorsFor } from '../src/output/colors.ts';
import { showDuration } from '../src/output/duration.ts';
import { hintFor } from '../src/output/hints.ts';
import { fixed, showBytes, showCpu } from '../src/output/quantity.ts';
import { renderExplanation } from '../src/output/render-explanation.ts';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';

let bench: Bench;
let run: Bench['run'];
beforeAll(async () => {
  bench = await openBench();
  run = bench.run;
  await run('apply --wait -f -', { stdin: serviceYaml('web') });
});
afterAll(() => bench[Symbol.asyncDispose]());

test.each(['--version', '-V', '--no-color --version'])(
  'gantry %s shows the version of the program',
  async (line) => {
    expect(await run(line)).toEqual({ code: 0, out: `gantry ${VERSION}\n`, err: '' });
  },
);

describe('words of other orchestrators', () => {
  test.each([
    ['pods', 'task/web.'],
    ['po', 'task/web.'],
    ['containers', 'task/web.'],
    ['deployments', 'service/web'],
    ['deploy', 'service/web'],
    ['sts', 'service/web'],
    ['Pods', 'task/web.'],
  ])('get %s shows %s', async (word, start) => {
    expect(await run(`get ${word} -o name`)).toMatchObject({ code: 0, out: expect.stringContaining(start) });
  });

  test('name a kind in KIND/NAME too', async () => {
    expect((await run('get deploy/web -o name')).out).toBe('service/web\n');
    expect((await run('logs deployment/web')).code).toBe(0);
    expect((await run('rollout status deploy/web')).code).toBe(0);
  });

  test.each([
    ['get rs', 'gantry rollout history'],
    ['get ns', 'gantry get services -A'],
    ['get cm', 'spec.template.env'],
    ['get secrets', 'spec.template.env'],
    ['get pvc', 'spec.template.mounts'],
    ['get ing', 'spec.template.ports'],
    ['get hpa', 'gantry scale'],
    ['get sa', 'gantry token'],
    ['ps', 'gantry get tasks'],
    ['pods', 'gantry get tasks'],
    ['deployments', 'gantry get services'],
    ['services', 'gantry get services'],
    ['inspect', 'gantry get KIND NAME -o json'],
    ['ns', 'gantry get services -A'],
    ['gte', 'Did you mean get?'],
    ['zzz', 'see --help'],
  ])('%s is a usage error that says what to use: %s', async (line, hint) => {
    expect(await run(line)).toMatchObject({ code: 2, err: expect.stringContaining(hint) });
  });
});

describe('a hint fits the command', () => {
  const field = 'service web: spec.replicas is set by x; force takes it over for gantry';
  test.each([
    ['CONFLICT', 'apply', ['--force'], field, '--force takes ownership'],
    ['CONFLICT', 'apply', ['--force'], 'service web is being deleted', 'gantry describe'],
    ['CONFLICT', 'delete', [], 'node node-1 is up: stop its agent first', 'gantry describe'],
    ['CONFLICT', 'edit', [], field, undefined],
    ['CONFLICT', 'snapshot restore', [], 's1 leads a cluster over this store', undefined],
    ['TIMEOUT', 'get', [], '', 'check with `gantry describe`'],
    ['TIMEOUT', 'wait', ['--timeout'], '', 'wait longer with --timeout'],
    ['UNAVAILABLE', 'get', [], '', 'gantry up'],
    ['UNAVAILABLE', 'server', [], '', 'gantry doctor'],
    ['NOT_FOUND', 'snapshot inspect', [], '', undefined],
    ['ALREADY_EXISTS', 'create', [], '', 'gantry apply'],
    ['ALREADY_EXISTS', 'snapshot restore', [], '', undefined],
  ])('%s of %s %j', (code, path, options, message, part) => {
    const hint = hintFor(code, { path, options, message });
    if (part === undefined) expect(hint).toBeUndefined();
    else expect(hint).toContain(part);
    if (part !== '--force takes ownership') expect(hint ?? '').not.toContain('--force');
    if (!(options as readonly string[]).includes('--timeout')) expect(hint ?? '').not.toContain('--timeout');
  });

  test('delete of a node that is up does not suggest apply --force', async () => {
    const { code, err } = await run('delete node node-1');
    expect(code).toBe(4);
    expect(err).not.toContain('--force');
  });
});

test('a value that rounds to zero is shown as 0, never as -0', () => {
  expect([fixed(-0.0001, 3), fixed(-0, 1), showCpu(-0.2), showBytes(-0), showDuration(-0)]).toEqual([
    '0',
    '0',
    '0m',
    '0',
    '0ms',
  ]);
  const explained = renderExplanation(
    {
      scheduler: 'spread',
      nodes: 1,
      feasible: 1,
      filters: [],
      ranking: [{ node: 'node-1', scores: [{ scorer: 'least', score: -0.0001, weight: 1 }] }],
      summary: '',
    } as unknown as Parameters<typeof renderExplanation>[0],
    colorsFor({ isTTY: false }, {}),
  );
  expect(explained).not.toContain('-0');
});
