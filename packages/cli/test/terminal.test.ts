import { GantryError } from '@gantry/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/cluster.ts';
import { Terminal } from './support/terminal.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

test('a terminal shows a progress bar, and colours unless they are disabled', async () => {
  await bench.cluster.api.apply({
    kind: 'service',
    meta: { name: 'barred' },
    spec: { template: { image: 'a' }, update: { monitorMs: 20 } },
  });
  await using terminal = await Terminal.open({ api: bench.cluster.api, isTTY: true });
  const scaled = await terminal.run('scale barred=4 --wait --timeout 4s');
  expect(scaled).toMatchObject({ code: 0, err: expect.stringMatching(/barred [█░]{24} 4\/4/) });
  const esc = String.fromCharCode(27);
  expect((await terminal.run('get nodes')).out).toContain(`${esc}[32mready`);
  for (const refused of [
    await terminal.run('get nodes --no-color'),
    await terminal.run('get nodes', { env: { NO_COLOR: '1' } }),
    await bench.run('get nodes'),
  ]) {
    expect(refused.out).toContain('ready');
    expect(refused.out).not.toContain(esc);
  }
});

test('an unreachable server and a rejected token have separate exit codes', async () => {
  await using alone = await Terminal.open({ env: { GANTRY_SERVER: 'http://127.0.0.1:9' }, real: true });
  const away = await alone.run('get services');
  expect(away).toMatchObject({
    code: 5,
    err: expect.stringMatching(/error: UNAVAILABLE [\s\S]*hint: .*gantry doctor/),
  });
  const forbidden = new Proxy(bench.cluster.api, {
    get: (_, name) =>
      name === 'then'
        ? undefined
        : async () => {
            throw new GantryError('FORBIDDEN', 'this token may not do this');
          },
  });
  await using kept = await Terminal.open({ api: forbidden });
  expect(await kept.run('get services')).toMatchObject({
    code: 6,
    err: expect.stringContaining('gantry token create'),
  });
});
