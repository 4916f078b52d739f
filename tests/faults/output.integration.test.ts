/** The same as faults.test.ts, for clusters that run as programs of their own and cannot write. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

const bin = fileURLToPath(new URL('../../packages/cli/bin/gantry.js', import.meta.url));
const WAIT_MS = 180_000;

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-faults-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Starts the program. `stateHome`: where clusters keep their state, if not in the home. */
function start(line: string, stateHome?: string): ChildProcess {
  return spawn(process.execPath, [bin, ...line.split(' ')], {
    cwd: home,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      GANTRY_FROM_SOURCE: '1',
      ...(stateHome !== undefined && { XDG_STATE_HOME: stateHome }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function gantry(line: string, stateHome?: string): Promise<{ code: number; out: string }> {
  const child = start(line, stateHome);
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      out += part;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
}

async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS / 3;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Processes whose command line contains a text. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Writes a service that prints without end; its processes are identified by the text they print. */
async function talker(says: string): Promise<string> {
  const file = join(home, `${says}.yaml`);
  const command = ['sh', '-c', `while :; do echo ${says}; sleep 0.2; done`];
  const spec = { template: { command, stopGraceMs: 1000 } };
  await writeFile(file, JSON.stringify({ kind: 'service', meta: { name: 'ok' }, spec }));
  return file;
}

/** A disk of 12 MB; the test is skipped, and says so, where none may be mounted. */
function disk(context: TestContext): SmallDisk {
  const mounted = mountSmallDisk('12m');
  if (mounted !== undefined) return mounted;
  const why = 'needs permission to mount a tmpfs';
  if (process.env.GANTRY_REQUIRE_SERVICES === '1') throw new Error(why);
  return context.skip(why);
}

describe('a cluster that cannot write', { timeout: WAIT_MS }, () => {
  test.for(['mem', 'data'])(
    'r37-disk-full, %s: the cluster and its tasks outlive a full disk, and a scale succeeds when there is room',
    async (mode, context) => {
      using small = disk(context);
      const says = `hello-r37-${mode}-${process.pid}`;
      const run = (line: string) => gantry(line, small.path);
      const [port] = await freePorts(1);
      const data = mode === 'data' ? ` --data ${small.path}/d` : '';
      const up = await run(`up -d --name r37-${mode} --runtime process --nodes 1 --port ${port}${data}`);
      expect(up.code, up.out).toBe(0);
      try {
        const applied = await run(`apply -f ${await talker(says)} --wait`);
        expect(applied.code, applied.out).toBe(0);
        const before = processesWith(says);
        expect(before).toHaveLength(1);
        small.fill();
        const scaled = await run('scale ok=3 --wait --timeout 10s');
        const listed = await run('get tasks');
        expect(listed.code, listed.out).toBe(0);
        expect(listed.out).toMatch(/^ok\.1\.\S+ .*running/m);
        expect(processesWith(says)).toEqual(scaled.code === 0 ? expect.arrayContaining(before) : before);
        small.clear();
        const after = await run('scale ok=2 --wait');
        expect(after.code, after.out).toBe(0);
        const now = processesWith(says);
        expect(now).toHaveLength(2);
        expect(now).toEqual(expect.arrayContaining(before));
      } finally {
        small.clear();
        expect(await run(`down r37-${mode}`)).toMatchObject({ code: 0 });
      }
      expect(processesWith(says)).toEqual([]);
    },
  );

  test('r41-disk-full-orphans: a start that fails for want of space leaves no process', async (context) => {
    using small = disk(context);
    const says = `hello-r41-${process.pid}`;
    const run = (line: string) => gantry(line, small.path);
    const [port] = await freePorts(1);
    const up = await run(`up -d --name r41 --runtime process --nodes 1 --port ${port}`);
    expect(up.code, up.out).toBe(0);
    try {
      const applied = await run(`apply -f ${await talker(says)} --wait`);
      expect(applied.code, applied.out).toBe(0);
      const before = processesWith(says);
      small.fill();
      expect(await run('scale ok=2')).toMatchObject({ code: 0 });
      await eventually('its start has failed', async () =>
        (await run('get tasks')).out.includes('EXHAUSTED'),
      );
      expect(processesWith(says)).toEqual(before);
      expect((await run('explain service/ok')).out).toMatch(/no space left on device|ENOSPC/);
    } finally {
      small.clear();
      expect(await run('down r41')).toMatchObject({ code: 0 });
    }
    expect(processesWith(says)).toEqual([]);
  });

  test('r38-log-reader-gone: the cluster and its tasks outlive the reader of its output, and it ends with 0', async () => {
    const says = `hello-r38-${process.pid}`;
    const [port, published] = (await freePorts(2)) as [number, number];
    const cluster = start(`up --name r38 --runtime process --nodes 2 --port ${port}`);
    const ended = once(cluster, 'exit') as Promise<[number | null, string | null]>;
    const holder = createServer();
    try {
      await eventually('the cluster answers', async () => (await gantry('context use r38')).code === 0);
      const applied = await gantry(`apply -f ${await talker(says)} --wait`);
      expect(applied.code, applied.out).toBe(0);
      const before = processesWith(says);
      cluster.stdout?.destroy();
      cluster.stderr?.destroy();
      // A port that is in use is logged.
      await new Promise<void>((resolve) => holder.listen(published, '0.0.0.0', resolve));
      const template = { command: ['sleep', '1000'], ports: [{ target: 80, published }] };
      const pub = { kind: 'service', meta: { name: 'pub' }, spec: { template } };
      await writeFile(join(home, 'pub.yaml'), JSON.stringify(pub));
      expect(await gantry('apply -f pub.yaml')).toMatchObject({ code: 0 });
      await eventually('the port is in use', async () =>
        (await gantry('get services')).out.includes('not served'),
      );
      const listed = await gantry('get tasks');
      expect(listed.code, listed.out).toBe(0);
      expect(processesWith(says)).toEqual(before);
      cluster.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      holder.close();
      cluster.kill('SIGTERM');
      await ended;
    }
    expect(processesWith(says)).toEqual([]);
  });
});
