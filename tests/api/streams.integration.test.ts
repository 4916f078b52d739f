import { createHash } from 'node:crypto';
import { processCluster } from '@gantry/presets/process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Served, serve } from './support/served.ts';

const MIB = 1024 * 1024;
const ECHO =
  "require('net').createServer({ allowHalfOpen: true }, (s) => s.pipe(s)).listen(process.env.PORT)";

let served: Served;
let task = '';
beforeAll(async () => {
  served = await serve({}, { plugins: processCluster({ logLevel: 'silent' }), nodes: 1 });
  await served.client.apply({
    kind: 'service',
    meta: { name: 'echo' },
    spec: {
      template: {
        command: [process.execPath, '-e', ECHO],
        ports: [{ target: 80 }],
        healthChecks: { readiness: { tcp: { port: 80 }, intervalMs: 20 } },
      },
    },
  });
  await served.client.wait('service', 'echo', 'Available', { timeoutMs: 20_000 });
  task = (await served.client.list('task')).items[0]?.meta.name ?? '';
});
afterAll(async () => served[Symbol.asyncDispose]());

async function* bytes(
  pieces: number,
  size: number,
  sent?: (piece: Buffer) => void,
): AsyncIterable<Uint8Array> {
  for (let at = 0; at < pieces; at++) {
    const piece = Buffer.alloc(size, at % 251);
    sent?.(piece);
    yield piece;
  }
}

test('what is sent through dial comes back as it was, and its end with it', async () => {
  const [there, back] = [createHash('sha256'), createHash('sha256')];
  let length = 0;
  const input = bytes(40, 100_003, (piece) => there.update(piece));
  for await (const data of served.client.dial(task, { port: 80, input })) {
    back.update(data);
    length += data.length;
  }
  expect(length).toBe(40 * 100_003);
  expect(back.digest('hex')).toBe(there.digest('hex'));
});

test('a reader of exec who takes his time makes the command wait, and gets everything', async () => {
  const size = 48 * MIB;
  const session = await served.client.exec(task, { command: ['head', '-c', String(size), '/dev/zero'] });
  const output = session.output[Symbol.asyncIterator]();
  let length = (await output.next()).value?.data.length ?? 0;
  const before = process.memoryUsage.rss();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const waited = process.memoryUsage.rss() - before;
  for (let next = await output.next(); next.done !== true; next = await output.next())
    length += next.value.data.length;
  expect(length).toBe(size);
  expect(await session.exitCode).toBe(0);
  expect(waited / MIB).toBeLessThan(24);
}, 20_000);

test('a command that does not read makes the writer wait', async () => {
  let sent = 0;
  const session = await served.client.exec(task, {
    command: ['sleep', '1'],
    stdin: bytes(1000, MIB / 4, ({ length }) => {
      sent += length;
    }),
  });
  for await (const _ of session.output) {
    // there is none
  }
  expect(await session.exitCode).toBe(0);
  expect(sent).toBeLessThan(64 * MIB);
}, 20_000);

test('a reader who leaves ends the command', async () => {
  const session = await served.client.exec(task, {
    command: ['sh', '-c', 'while :; do echo x; sleep 0.01; done'],
  });
  for await (const { data } of session.output) {
    expect(data.length).toBeGreaterThan(0);
    break;
  }
  await expect(session.exitCode).rejects.toMatchObject({ code: 'ABORTED' });
  const metrics = async () => {
    const { ADMIN_TOKEN } = await import('./support/served.ts');
    return await (
      await fetch(`${served.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    ).text();
  };
  await expect.poll(metrics, { timeout: 5000 }).toContain('gantry_api_streams{type="exec"} 0');
});
