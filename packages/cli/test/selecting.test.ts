import { selects } from '@gantry/core/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { translateFields } from '../src/cluster/field-selector.ts';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';

let bench: Bench;
let run: Bench['run'];
beforeAll(async () => {
  bench = await openBench();
  run = bench.run;
  for (const name of ['web', 'api']) await run('apply --wait -f -', { stdin: serviceYaml(name) });
});
afterAll(() => bench[Symbol.asyncDispose]());

describe('wait', () => {
  const available = '--for condition=Available --timeout 4s';
  test.each([
    [`wait services --all ${available}`, ['service/api', 'service/web']],
    [`wait svc -l app=web ${available}`, ['service/web']],
    [`wait svc --field-selector meta.name=api ${available}`, ['service/api']],
  ])('%s', async (line, objects) => {
    const { code, out } = await run(line);
    expect(code).toBe(0);
    expect(out.trim().split('\n').toSorted()).toEqual(objects.map((each) => `${each} condition met`));
  });

  test('-f takes the objects of a file', async () => {
    const answer = await run(`wait -f - ${available}`, { stdin: serviceYaml('web') });
    expect(answer).toMatchObject({ code: 0, out: 'service/web condition met\n' });
  });

  test.each([
    [`wait svc -l app=none ${available}`, 3],
    [`wait svc ${available}`, 2],
    [`wait svc web --all ${available}`, 2],
  ])('%s exits with %d', async (line, code) => {
    expect(await run(line)).toMatchObject({ code });
  });
});

describe("kubectl's names of fields", () => {
  test.each([
    ['get svc --field-selector metadata.name=web -o name', 'service/web\n'],
    ['get svc --field-selector metadata.name!=web -o name', 'service/api\n'],
    ['get pods --field-selector status.phase=Pending -o name', ''],
    ['get nodes --field-selector spec.unschedulable=false,metadata.name=node-1 -o name', 'node/node-1\n'],
    ['get nodes --field-selector spec.unschedulable=true -o name', ''],
  ])('%s', async (line, out) => {
    expect(await run(line)).toMatchObject({ code: 0, out });
  });

  test.each([
    ['status.phase=Running', 'status.state in (running,stopping)'],
    [
      'status.phase!=Failed,metadata.namespace=a',
      'status.state notin (failed,rejected,orphaned),meta.namespace in (a)',
    ],
    ['status.phase in (Running, Succeeded)', 'status.state in (running,stopping,complete)'],
    ['involvedObject.kind=Service,type=Warning', 'spec.regarding.kind in (service),spec.type in (warning)'],
    ['spec.nodeName=', 'spec.node in ()'],
    ['spec.node=a,status.state!=failed', 'spec.node=a,status.state!=failed'],
    ['zone in (a,b),!x', 'zone in (a,b),!x'],
    ['=,(', '=,('],
  ])('%s is %s', (given, translated) => {
    expect(translateFields(given)).toBe(translated);
    if (!given.includes('(')) expect(() => selects({ fields: translated })).not.toThrow();
  });

  test.each([
    ['status.phase=Broken', 'expected one of the phases Pending, Running, Succeeded, Failed'],
    ['status.podIP=10.0.0.1', 'gantry get tasks -o wide'],
    ['metadata.labels.app=web', 'select by labels with -l'],
  ])('%s is a usage error: %s', async (selector, hint) => {
    expect(await run(`get tasks --field-selector ${selector}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining(hint),
    });
  });
});

describe('patch', () => {
  test('changes the given fields and no others, and says when nothing changed', async () => {
    const patched = await run(['patch', 'service', 'web', '-p', '{"spec": {"replicas": 3}}']);
    expect(patched).toEqual({ code: 0, out: 'service/web patched\n', err: '' });
    expect((await run('get svc web -o jsonpath={.spec.replicas}/{.spec.template.image}')).out).toBe(
      '3/registry/web:1\n',
    );
    const again = await run('patch svc/web --patch-file -', { stdin: 'spec: { replicas: 3 }\n' });
    expect(again).toMatchObject({ code: 0, out: 'service/web unchanged\n' });
  });

  test('stores nothing with --dry-run, and -o shows the object', async () => {
    const dry = await run([
      'patch',
      'svc/web',
      '-p',
      'spec: {replicas: 5}',
      '--dry-run',
      '-o',
      'jsonpath={.spec.replicas}',
    ]);
    expect(dry).toMatchObject({ code: 0, out: '5\n' });
    expect((await run('get svc web -o jsonpath={.spec.replicas}')).out).toBe('3\n');
  });

  test.each([
    [['patch', 'svc/web', '-p', '[]'], 2],
    [['patch', 'svc/web', '-p', '{'], 2],
    [['patch', 'svc/web'], 2],
    [['patch', 'svc/web', '--type', 'json', '-p', '{}'], 2],
    [['patch', 'svc/none', '-p', '{}'], 3],
    [['patch', 'tasks', 'x', '-p', '{}'], 1],
  ])('%j exits with %d', async (words, code) => {
    expect(await run(words)).toMatchObject({ code });
  });
});

test('rollout undo --to-revision goes back to a numbered template', async () => {
  const before = (await run('get svc api -o jsonpath={.status.template}')).out;
  await run('set env api MODE=two --wait --timeout 8s');
  const { out } = await run('rollout history api');
  expect(out).toMatch(/^REVISION +TEMPLATE/);
  expect(out).toMatch(/^2 .* current$/m);
  expect(await run('rollout undo api --to-revision 9')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--to-revision: expected 0 to 2, got 9'),
  });
  expect(await run('rollout undo api --to-revision 1')).toMatchObject({ code: 0 });
  await run('rollout status api --timeout 8s');
  expect((await run('get svc api -o jsonpath={.status.template}')).out).toBe(before);
});

test('top -w shows table after table until it is interrupted', async () => {
  const stop = new AbortController();
  const { code, out } = await run('top nodes -w --interval 50ms', {
    signal: stop.signal,
    onOut: (text) => {
      if (text.split('NAME').length > 3) stop.abort();
    },
  });
  expect(code).toBe(130);
  expect(out.match(/^NAME +CPU/gm)?.length).toBeGreaterThanOrEqual(3);
});
