import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/cluster.ts';
import { Terminal } from './support/terminal.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.cluster.api.apply({
    kind: 'service',
    meta: { name: 'web' },
    spec: { template: { image: 'a' } },
  });
});
afterAll(() => bench[Symbol.asyncDispose]());

const at = async (...words: string[]): Promise<string[]> => {
  const { code, out } = await bench.run(['complete', '--', ...words]);
  expect(code).toBe(0);
  return out.split('\n').flatMap((line) => (line.includes('\t') ? [line.split('\t')[0] as string] : []));
};

test('commands and their subcommands are completed', async () => {
  expect(await at('ge')).toEqual(['get']);
  expect(await at('rollout', 're')).toEqual(['resume', 'restart']);
});

test('options are completed, and the choices of those that have some', async () => {
  expect(await at('up', '--ru')).toEqual(['--runtime']);
  expect(await at('up', '--runtime', '')).toEqual(['process', 'docker', 'fake']);
});

test('kinds and the names of objects are completed', async () => {
  expect(await at('get', 'serv')).toEqual(['services', 'service', 'servers', 'server']);
  expect(await at('get', 'svc', '')).toEqual(['web']);
  expect(await at('drain', '')).toEqual(['node-1', 'node-2']);
  expect(await at('scale', 'w')).toEqual(['web']);
});

test('a cluster that does not answer completes nothing, quietly', async () => {
  await using alone = await Terminal.open();
  expect(await alone.run(['complete', '--', 'get', 'svc', ''])).toMatchObject({ code: 0, err: '' });
});

test('the script of each shell asks `gantry complete`', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await bench.run(`completion ${shell}`);
    expect({ shell, code }).toEqual({ shell, code: 0 });
    expect(out).toContain('gantry complete --');
  }
  expect((await bench.run('completion csh')).code).toBe(2);
});

test('only what fits at a position is offered', async () => {
  const all = await at('get', '-');
  expect(all).toContain('--output');
  expect(all).toContain('-o');
  expect(await at('get', '-o', 'wide', '--')).not.toContain('--output');
  expect(await at('get', '-o', '')).toEqual(['wide', 'json', 'yaml', 'name', 'jsonpath=', 'custom-columns=']);
  expect(await at('get', '--output=js')).toEqual(['--output=json', '--output=jsonpath=']);
  expect(await at('logs', '--tail', '')).toEqual([]);
  expect(await at('logs', '--tail', '5', '')).toEqual(['web', expect.stringMatching(/^web\.1\./)]);
  expect(await at('drain', 'node-1', '')).toEqual(['node-2']);
  expect(await at('rollout', 'status', 'web', '')).toEqual([]);
  expect(await at('context', 'use', 'a', '')).toEqual([]);
  expect(await at('describe', 'service/')).toEqual(['service/web']);
  expect(await at('get', 'pods', '')).toEqual(await at('get', 'tasks', ''));
  expect(await at('-n', 'default', 'get', 'svc', '')).toEqual(['web']);
  expect(await at('-n', '')).toEqual(['default']);
  expect(await at('exec', 'web', '--', '')).toEqual([]);
  expect(await at('version', '')).toEqual([]);
  expect(await at('scale', 'web', '--replicas', '')).toEqual([]);
});

test('names of files are left to the shell where a file is expected, and only there', async () => {
  const files = async (...words: string[]): Promise<boolean> =>
    (await bench.run(['complete', '--', ...words])).out.trimEnd().endsWith(':0');
  expect(await files('apply', '-f', '')).toBe(true);
  expect(await files('exec', 'web', '--', 'l')).toBe(true);
  expect(await files('get', '')).toBe(false);
  expect(await files('get', '-n', '')).toBe(false);
});
