import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeSpec } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TaskCgroup } from '../src/cgroup.ts';
import { ProcessRuntime } from '../src/index.ts';
import { TaskDir } from '../src/task-dir.ts';

const base: TemplateSpec = {
  command: ['sleep', '1000'],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'missing',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 1000,
  drainMs: 0,
  healthChecks: { image: true },
};
/** Tells the processes of this test from all others of the machine. */
const MARK = `88${process.pid}`;

let dir: string;
let open: ProcessRuntime[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-group-'));
  open = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  const last = open.at(-1);
  for (const { task } of (await last?.list()) ?? []) await last?.remove(task);
  for (const runtime of open) await runtime[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

function make(options: { taskUser?: string; taskPids?: number } = {}): ProcessRuntime {
  const setup = { cluster: 'group', node: 'n1', clock: new SystemClock(), dir, logBytes: 1 << 20 };
  const runtime = new ProcessRuntime({ ...setup, inheritEnv: false, ...options });
  open.push(runtime);
  return runtime;
}

function specOf(task: string, template: Partial<TemplateSpec> = {}): RuntimeSpec {
  const attachment = { networks: [], ports: [], publish: [], env: {} };
  return { task, service: 'web', slot: '1', template: { ...base, ...template }, attachment };
}

const sh = (script: string): Partial<TemplateSpec> => ({ command: ['sh', '-c', script] });

/** Command lines of the live processes that have the mark in theirs. */
function marked(): readonly string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const text = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return text.startsWith('sleep') && text.includes(MARK) ? [text] : [];
    } catch {
      return [];
    }
  });
}

const soon = { timeout: 20_000, interval: 20 };
const gone = () => vi.waitFor(() => expect(marked()).toEqual([]), soon);
const running = (count: number) => vi.waitFor(() => expect(marked()).toHaveLength(count), soon);

async function ended(runtime: ProcessRuntime, task: string) {
  return await vi.waitFor(async () => {
    const status = (await runtime.list()).find((one) => one.task === task);
    expect(status?.state).toBe('exited');
    return status;
  }, soon);
}

async function linesOf(runtime: ProcessRuntime, task: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of runtime.logs(task, { follow: true }))
    lines.push(...batch.map(({ text }) => text));
  return lines;
}

/**
 * Whether there are cgroups: without them, a child in a session of its own and without any environment cannot be
 * distinguished from a foreign process.
 */
const hasCgroups = (): boolean =>
  new ProcessRuntime({
    cluster: 'probe',
    node: 'n1',
    clock: new SystemClock(),
    dir: tmpdir(),
    logBytes: 4096,
    inheritEnv: false,
  }).supports.limits.pids;

describe.runIf(hasCgroups())('the group of a task, with cgroups', () => {
  test('is entered before the command runs, without limits too, and left by Gantry itself', async () => {
    const own = readFileSync('/proc/self/cgroup', 'utf8');
    const runtime = make();
    for (let n = 0; n < 10; n++) {
      await runtime.ensure(specOf(`t${n}`, { command: ['cat', '/proc/self/cgroup'] }));
      expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(own);
      expect((await linesOf(runtime, `t${n}`)).join('\n')).toContain(`gantry/group.n1.t${n}`);
    }
  });

  test.each([
    ['setsid with an empty environment', `(setsid env -i sleep ${MARK} &)`],
    ['twice setsid with an empty environment', `(setsid env -i setsid sleep ${MARK} &)`],
    ['nohup in the background', `(env -i nohup sleep ${MARK} >/dev/null 2>&1 &)`],
  ])('cannot be left: %s ends with a stop, and with the first process', async (_what, leave) => {
    const runtime = make();
    await runtime.ensure(specOf('a', sh(`${leave}; exec sleep 1000`)));
    await running(1);
    await runtime.stop('a', { graceMs: 2000 });
    expect(marked()).toEqual([]);
    await runtime.ensure(specOf('b', sh(`${leave}; sleep 0.2; exit 3`)));
    expect(await ended(runtime, 'b')).toMatchObject({ exitCode: 3 });
    await gone();
  });

  test('has at most as many processes as its limit, or that of the runtime', async () => {
    const many = sh(`for n in $(seq 30); do sleep 1000 & done; wait`);
    const runtime = make({ taskPids: 8 });
    await runtime.start();
    await runtime.ensure(specOf('own', { ...many, resources: { requests: {}, limits: { pids: 12 } } }));
    await runtime.ensure(specOf('default', many));
    for (const task of ['own', 'default']) {
      expect((await ended(runtime, task))?.exitCode).not.toBe(0);
      expect((await linesOf(runtime, task)).join('\n')).toMatch(/fork/i);
    }
  });

  test('is found again even for a task with a name of 200 characters', async () => {
    const task = `${'a'.repeat(63)}/${'b'.repeat(63)}.${'c'.repeat(63)}.k2x9f0ab`;
    const runtime = make();
    await runtime.ensure(specOf(task, sh(`(setsid env -i sleep ${MARK} &); exec sleep 1000`)));
    await running(1);
    await runtime[Symbol.asyncDispose]();
    const next = make();
    expect(await next.list()).toMatchObject([{ task, state: 'running' }]);
    await next.remove(task);
    expect(marked()).toEqual([]);
  });
});

test.runIf(process.getuid?.() === 0)('taskUser is the user of tasks whose template names none', async () => {
  const runtime = make({ taskUser: 'nobody' });
  const id = { command: ['id', '-un'] };
  await runtime.ensure(specOf('default', id));
  await runtime.ensure(specOf('own', { ...id, user: 'daemon' }));
  expect(await linesOf(runtime, 'default')).toEqual(['nobody']);
  expect(await linesOf(runtime, 'own')).toEqual(['daemon']);
  const wrong = make({ taskUser: 'nosuch' }).ensure(specOf('a'));
  await expect(wrong).rejects.toMatchObject({ code: expect.stringMatching(/INVALID_OBJECT|CONFLICT/) });
});

describe('a start that fails', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const fail = (): never => {
    throw full;
  };

  test.each([
    ['when its folder is made', () => vi.spyOn(TaskDir.prototype, 'create').mockImplementation(fail)],
    ['when its cgroup is made', () => vi.spyOn(TaskCgroup.prototype, 'create').mockImplementation(fail)],
    ['when its limits are set', () => vi.spyOn(TaskCgroup.prototype, 'limit').mockImplementation(fail)],
    ['when its record is written', () => vi.spyOn(TaskDir.prototype, 'writeRecord').mockImplementation(fail)],
    ['when it is first looked at', () => vi.spyOn(TaskDir.prototype, 'readEnd').mockImplementation(fail)],
  ])('%s leaves no process and no folder, and the next one starts', async (_what, arrange) => {
    const runtime = make();
    await runtime.list();
    arrange();
    const spec = specOf('a', sh(`(setsid env -i sleep ${MARK} &); sleep ${MARK}`));
    await expect(runtime.ensure(spec)).rejects.toMatchObject({
      code: 'EXHAUSTED',
      message: expect.stringContaining('ENOSPC'),
    });
    vi.restoreAllMocks();
    await gone();
    expect(await runtime.list()).toEqual([]);
    expect(readdirSync(join(dir, 'group', 'n1'))).toEqual(['owner.json']);
    expect((await runtime.ensure(specOf('a'))).state).toBe('running');
  });

  test('leaves no folder behind that could not be removed, once the program starts again', async () => {
    const runtime = make();
    await runtime.list();
    vi.spyOn(TaskDir.prototype, 'writeRecord').mockImplementation(fail);
    vi.spyOn(TaskDir.prototype, 'remove').mockImplementation(fail);
    await expect(runtime.ensure(specOf('a'))).rejects.toMatchObject({ code: 'EXHAUSTED' });
    vi.restoreAllMocks();
    await runtime[Symbol.asyncDispose]();
    const next = make();
    expect(await next.list()).toEqual([]);
    expect(readdirSync(join(dir, 'group', 'n1'))).toEqual(['owner.json']);
  });
});

test.each([
  ['with children in sessions of their own', `setsid sleep ${MARK} & sleep ${MARK}`, 2],
  ['with children without any environment', `env -i sleep ${MARK} & sleep ${MARK}`, 2],
  ['whose parent has ended', `(sleep ${MARK} &); sleep ${MARK}`, 2],
  ['that ignores signals', `trap "" TERM INT HUP; sleep ${MARK} & wait`, 1],
])('a command %s is killed when its signal fires, and its task runs on', async (_what, script, count) => {
  const runtime = make();
  await runtime.ensure(specOf('a'));
  const over = new AbortController();
  const session = await runtime.exec('a', { command: ['sh', '-c', script], signal: over.signal });
  await running(count);
  over.abort();
  for await (const _ of session.output);
  expect(await session.exitCode).toBe(137);
  await gone();
  expect(await runtime.list()).toMatchObject([{ state: 'running' }]);
});

test.each(['that has not been read', 'of which some was read'])(
  'a command that is aborted, with output %s, leaves no pipe open',
  async (what) => {
    const runtime = make();
    await runtime.ensure(specOf('a'));
    const sockets = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
        } catch {
          return false;
        }
      }).length;
    const before = sockets();
    for (let time = 0; time < 10; time++) {
      const stop = new AbortController();
      const { output, exitCode } = await runtime.exec('a', { command: ['yes', MARK], signal: stop.signal });
      if (what !== 'that has not been read') await output[Symbol.asyncIterator]().next();
      stop.abort();
      expect(await exitCode).toBe(137);
    }
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), soon);
  },
);
