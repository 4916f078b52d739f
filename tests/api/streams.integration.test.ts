import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processCluster } from '@gantry/presets/process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Served, serve } from './support/served.ts';

const MIB = 1024 * 1024;
const ECHO =
  "require('net').createServer({ allowHalfOpen: true }, (s) => s.pipe(s)).listen(process.env.PORT)";
/** Accepts connections, and never reads from them. */
const DEAF =
  "require('net').createServer({ pauseOnConnect: true }, (s) => s.on('error', () => {})).listen(process.env.PORT)";
/** Ends its side at once, and prints how much the other side sent until its end. */
const HALF = `require('net').createServer({ allowHalfOpen: true }, (s) => {
  let bytes = 0;
  s.on('error', () => {});
  s.end('bye');
  s.on('data', (d) => { bytes += d.length; });
  s.on('end', () => console.log('received ' + bytes));
}).listen(process.env.PORT)`;

/** What may be in flight: windows of 256 KiB each, and the buffers of the kernel for two connections. */
const IN_FLIGHT = 32 * MIB;

let served: Served;
let task = '';
const taskOf = async (name: string): Promise<string> =>
  (await served.client.list('task', { fields: `spec.service=${name}` })).items[0]?.meta.name ?? '';
const start = async (name: string, program: string): Promise<string> => {
  await served.client.apply({
    kind: 'service',
    meta: { name },
    spec: {
      template: {
        command: [process.execPath, '-e', program],
        ports: [{ target: 80 }],
        healthChecks: { readiness: { tcp: { port: 80 }, intervalMs: 20 } },
      },
    },
  });
  await served.client.wait('service', name, 'Available', { timeoutMs: 120_000 });
  return await taskOf(name);
};
beforeAll(async () => {
  served = await serve({}, { plugins: processCluster({ logLevel: 'silent' }), nodes: 1 });
  task = await start('echo', ECHO);
}, 300_000);
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

test('dial echoes the data that is sent, and its end', async () => {
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

/** Resolves with an amount once it has not grown for a while; a slow machine only makes it smaller. */
async function settled(amount: () => Promise<number> | number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 10; ) {
    const now = await amount();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return last;
}

test('a command whose output is not read waits, and its reader gets everything in the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-streams-'));
  const count = join(folder, 'count');
  const pieces = 1600;
  const program = `const fs = require('fs'); let n = 0;
    const more = () => { if (n === ${pieces}) return; n++;
      process.stdout.write(Buffer.alloc(65536), () => { fs.writeFileSync(${JSON.stringify(count)}, String(n)); more(); }); };
    more();`;
  const session = await served.client.exec(task, { command: [process.execPath, '-e', program] });
  const output = session.output[Symbol.asyncIterator]();
  let length = (await output.next()).value?.data.length ?? 0;
  const written = await settled(() => (existsSync(count) ? Number(readFileSync(count, 'utf8')) * 65_536 : 0));
  expect(written).toBeLessThan(IN_FLIGHT);
  for (let next = await output.next(); next.done !== true; next = await output.next())
    length += next.value.data.length;
  expect(length).toBe(pieces * 65_536);
  expect(await session.exitCode).toBe(0);
  rmSync(folder, { recursive: true });
}, 300_000);

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
  expect(sent).toBeLessThan(IN_FLIGHT);
}, 300_000);

test.each(['over HTTP', 'in the process'])(
  'a task that does not read from its connection makes the writer wait, %s',
  async (way) => {
    const api = way === 'over HTTP' ? served.client : served.cluster.api;
    const deaf = await start('deaf', DEAF);
    let sent = 0;
    const input = bytes(2000, MIB / 4, ({ length }) => {
      sent += length;
    });
    const stop = new AbortController();
    const reading = (async () => {
      for await (const _ of api.dial(deaf, { port: 80, input, signal: stop.signal })) {
        // there is nothing
      }
    })();
    reading.catch(() => undefined);
    expect(await settled(() => sent)).toBeLessThan(IN_FLIGHT);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  },
  30_000,
);

test.each(['over HTTP', 'in the process'])(
  'a task that has ended its side of a connection still receives, %s',
  async (way) => {
    const api = way === 'over HTTP' ? served.client : served.cluster.api;
    const half = await start(`half-${way.replaceAll(' ', '-').toLowerCase()}`, HALF);
    let told: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      told = resolve;
    });
    async function* input(): AsyncIterable<Uint8Array> {
      yield Buffer.from('x');
      await ended;
      yield* bytes(12, 100_000);
    }
    let text = '';
    for await (const data of api.dial(half, { port: 80, input: input() }))
      text += Buffer.from(data).toString();
    expect(text).toBe('bye');
    told();
    const log = async (): Promise<string> => {
      let lines = '';
      for await (const batch of api.logs({ task: half })) for (const line of batch) lines += line.text;
      return lines;
    };
    await expect.poll(log, { timeout: 60_000 }).toContain('received 1200001');
  },
  30_000,
);

test('a command that has closed its output runs on, and its exit code is reported', async () => {
  const session = await served.client.exec(task, {
    command: ['sh', '-c', 'exec >&- 2>&-; read line; [ "$line" = hello ] && exit 9'],
    stdin: (async function* () {
      yield Buffer.from('hello\n');
    })(),
  });
  for await (const _ of session.output) {
    // there is none
  }
  expect(await session.exitCode).toBe(9);
}, 300_000);

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
  await expect.poll(metrics, { timeout: 60_000 }).toContain('gantry_api_streams{type="exec"} 0');
});
