import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeLogLine, RuntimeSpec } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessRuntime } from '../src/index.ts';

const attachment = { networks: [], ports: [], publish: [], env: {} };
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

let dir: string;
let open: ProcessRuntime[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-process-'));
  open = [];
});

afterEach(async () => {
  const last = open.at(-1);
  for (const { task } of (await last?.list()) ?? []) await last?.remove(task);
  for (const runtime of open) await runtime[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

function make(options: { logBytes?: number; inheritEnv?: boolean | string[] } = {}): ProcessRuntime {
  const runtime = new ProcessRuntime({
    cluster: 'test',
    node: 'n1',
    clock: new SystemClock(),
    dir,
    logBytes: 1 << 20,
    inheritEnv: false,
    ...options,
  });
  open.push(runtime);
  return runtime;
}

function specOf(task: string, template: Partial<TemplateSpec> = {}): RuntimeSpec {
  return { task, service: 'web', slot: '1', template: { ...base, ...template }, attachment };
}

const sh = (script: string): Partial<TemplateSpec> => ({ command: ['sh', '-c', script] });

const alive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

async function until<T>(check: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let n = 0; n < 3000; n++) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('waited 30 s in vain');
}

const ended = async (runtime: ProcessRuntime, task: string) =>
  await until(async () => (await runtime.list()).find((one) => one.task === task && one.state === 'exited'));

async function logsOf(runtime: ProcessRuntime, task: string, options = {}): Promise<RuntimeLogLine[]> {
  const lines: RuntimeLogLine[] = [];
  for await (const batch of runtime.logs(task, options)) lines.push(...batch);
  return lines;
}

describe('stop', () => {
  test('ends the whole tree, also who left the group and the session', async () => {
    const runtime = make();
    await runtime.ensure(specOf('a', sh('sleep 1000 & setsid sleep 1001 & echo $$ >pids; wait')));
    const marked = () =>
      execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => /sleep 100[01]$/.test(line))
        .map((line) => Number.parseInt(line, 10))
        .filter((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dir));
    await until(() => marked().length === 2);
    await runtime.stop('a', { graceMs: 2000 });
    expect(marked()).toEqual([]);
  });

  test('a group that ends its work after its first process has the grace to do so', async () => {
    const runtime = make();
    await runtime.ensure(
      specOf(
        'a',
        sh(`sh -c 'trap "sleep 0.3; echo done; exit" TERM; while :; do sleep 0.05; done' & exec sleep 1000`),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await runtime.stop('a', { graceMs: 5000 });
    expect((await logsOf(runtime, 'a')).map(({ text }) => text)).toContain('done');
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 143, reason: 'SIGTERM' }]);
  });

  test('kills what the first process leaves behind when it ends on its own', async () => {
    const runtime = make();
    await runtime.ensure(specOf('a', sh('sleep 1000 & echo $!; exit 7')));
    expect(await ended(runtime, 'a')).toMatchObject({ exitCode: 7 });
    const pid = Number((await logsOf(runtime, 'a'))[0]?.text);
    await until(() => !alive(pid));
  });
});

describe('adoption', () => {
  test('a new instance in the same program adopts the process and still reports its exit code', async () => {
    const first = make();
    const { id, pid } = await first.ensure(specOf('a', sh('echo one; sleep 0.4; echo two; exit 5')));
    await first[Symbol.asyncDispose]();
    const second = make();
    expect(await second.list()).toMatchObject([{ task: 'a', state: 'running', id, pid }]);
    expect(await second.ensure(specOf('a'))).toMatchObject({ id });
    expect(await ended(second, 'a')).toMatchObject({ exitCode: 5 });
    expect((await logsOf(second, 'a')).map(({ text }) => text)).toEqual(['one', 'two']);
  });

  test('a task is found by its records after kill -9 of the program, and ended with its whole process tree', async () => {
    const program = `
      import { ProcessRuntime } from '${new URL('../src/index.ts', import.meta.url).pathname}';
      import { SystemClock } from '${new URL('../../../packages/system/src/index.ts', import.meta.url).pathname}';
      const runtime = new ProcessRuntime({ cluster: 'test', node: 'n1', clock: new SystemClock(), dir: ${JSON.stringify(dir)}, logBytes: 1e6, inheritEnv: false });
      const template = ${JSON.stringify({ ...base, ...sh('sleep 1000 & sleep 1001') })};
      const { pid } = await runtime.ensure({ task: 'a', service: 's', slot: '1', template, attachment: ${JSON.stringify(attachment)} });
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const child = spawn('npx', ['tsx', '--conditions=@gantry/source', '--input-type=module', '-e', program], {
      cwd: new URL('../../..', import.meta.url).pathname,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const pid = await until(() => /^\d+$/m.exec(output)?.[0]).then(Number);
    await expect(make().list()).rejects.toMatchObject({ code: 'CONFLICT' });
    process.kill(-(child.pid as number), 'SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null);
    open = [];
    const runtime = make();
    const list = await until(() => runtime.list().catch(() => undefined));
    expect(list).toMatchObject([{ task: 'a', state: 'running', pid }]);
    expect(alive(pid)).toBe(true);
    await runtime.remove('a');
    expect(alive(pid)).toBe(false);
    expect(await runtime.list()).toEqual([]);
  });

  test('a pid that another process has by now is not taken for ours', async () => {
    const first = make();
    await first.ensure(specOf('a', sh('exit 0')));
    await ended(first, 'a');
    await first[Symbol.asyncDispose]();
    const folder = join(dir, 'test', 'n1', 'a');
    const record = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'));
    rmSync(join(folder, 'end.json'));
    const innocent = spawn('sleep', ['1000'], { detached: true });
    writeFileSync(join(folder, 'record.json'), JSON.stringify({ ...record, pid: innocent.pid }));
    const second = make();
    expect(await ended(second, 'a')).toMatchObject({ reason: expect.stringContaining('unknown') });
    await second.remove('a');
    expect(alive(innocent.pid as number)).toBe(true);
    innocent.kill('SIGKILL');
  });
});

describe('logs', () => {
  test('are bounded, and keep the end', async () => {
    const runtime = make({ logBytes: 64 * 1024 });
    const [through, goOn] = [join(dir, 'through'), join(dir, 'go-on')];
    const writes = 'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done';
    const waits = `touch ${through}; while [ ! -e ${goOn} ]; do sleep 0.01; done`;
    await runtime.ensure(specOf('a', sh(`${writes}; ${waits}; echo the end`)));
    const folder = join(dir, 'test', 'n1', 'a');
    // What is written in the very moment of a rotation may be lost: the end comes when the last one is over.
    await until(() => existsSync(through) && statSync(join(folder, 'stdout.log')).size <= 32 * 1024);
    writeFileSync(goOn, '');
    await ended(runtime, 'a');
    const kept = readdirSync(folder).filter(
      (name) => name.startsWith('stdout.log') && !name.endsWith('.times'),
    );
    const bytes = kept.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(64 * 1024);
    const lines = await logsOf(runtime, 'a');
    expect(lines.at(-1)?.text).toBe('the end');
    expect(lines.length).toBeGreaterThan(500);
  });

  test('have the time at which they were written, also for a later instance', async () => {
    const first = make();
    const begin = Date.now();
    await first.ensure(specOf('a', sh('echo one; sleep 0.5; echo two >&2; sleep 1000')));
    await until(async () => (await logsOf(first, 'a')).length === 2);
    await first[Symbol.asyncDispose]();
    const [one, two] = await logsOf(make(), 'a');
    expect(one).toMatchObject({ text: 'one', stream: 'stdout' });
    expect(two).toMatchObject({ text: 'two', stream: 'stderr' });
    expect((one?.time ?? 0) - begin).toBeLessThan(400);
    expect((two?.time ?? 0) - (one?.time ?? 0)).toBeGreaterThan(300);
  });
});

describe('the environment', () => {
  test('holds the variables of the template and a documented minimum, and no others of Gantry', async () => {
    const runtime = make();
    process.env.GANTRY_TEST_SECRET = 'x';
    await runtime.ensure(specOf('a', { command: ['env'], env: { COLOR: 'red' } }));
    await ended(runtime, 'a');
    const names = (await logsOf(runtime, 'a')).map(({ text }) => text.split('=')[0]);
    expect(names).toContain('COLOR');
    const minimum = ['COLOR', 'PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
    const marks = ['GANTRY_TASK', 'GANTRY_SERVICE', 'GANTRY_SLOT', 'GANTRY_TASK_DIR'];
    expect(names.filter((name) => ![...minimum, ...marks].includes(name as string))).toEqual([]);
    delete process.env.GANTRY_TEST_SECRET;
  });

  test('can be inherited by name', async () => {
    process.env.GANTRY_TEST_COLOR = 'red';
    const runtime = make({ inheritEnv: ['GANTRY_TEST_COLOR'] });
    await runtime.ensure(specOf('a', sh('echo $GANTRY_TEST_COLOR')));
    await ended(runtime, 'a');
    expect((await logsOf(runtime, 'a'))[0]?.text).toBe('red');
    delete process.env.GANTRY_TEST_COLOR;
  });
});

describe('a task that cannot run', () => {
  test.each([
    ['an image', { image: 'nginx' }, 'UNSUPPORTED', /image/],
    ['a mount', { mounts: [{ type: 'tmpfs', target: '/x' }] }, 'UNSUPPORTED', /mounts/],
    ['no such command', { command: ['/no/such'] }, 'INVALID_OBJECT', /template.command: ENOENT/],
    ['no such folder', { workingDir: '/no/such' }, 'INVALID_OBJECT', /template.workingDir: ENOENT/],
    ['no such user', { user: 'nobody-knows' }, 'INVALID_OBJECT', /template.user/],
  ] as const)('%s is rejected, and nothing is left', async (_, template, code, message) => {
    const runtime = make();
    const spec = specOf('a', template as Partial<TemplateSpec>);
    await expect(runtime.ensure(spec)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await runtime.list()).toEqual([]);
    expect(readdirSync(join(dir, 'test', 'n1'))).toEqual(['owner.json']);
  });
});

test.runIf(process.getuid?.() === 0)('root can switch the user', async () => {
  const runtime = make();
  await runtime.ensure(specOf('a', { command: ['id', '-un'], user: 'nobody' }));
  await ended(runtime, 'a');
  expect((await logsOf(runtime, 'a'))[0]?.text).toBe('nobody');
});

test('a memory limit is enforced where it is supported, and reported as the reason', async (context) => {
  const runtime = make();
  if (!runtime.supports.limits.memory) return context.skip('cgroups are not permitted');
  await runtime.ensure(
    specOf('a', {
      command: ['node', '-e', 'setTimeout(() => Buffer.alloc(2e8, 1), 200)'],
      resources: { requests: {}, limits: { memory: 80 * 2 ** 20, cpu: 500 } },
    }),
  );
  expect(await ended(runtime, 'a')).toMatchObject({ exitCode: 137, reason: 'out of memory' });
});

test('a hundred tasks, with no file left open and no folder left behind', async () => {
  const fds = () => readdirSync('/proc/self/fd').length;
  const before = fds();
  const runtime = make();
  const names = Array.from({ length: 100 }, (_, n) => `t${n}`);
  await Promise.all(names.map((name) => runtime.ensure(specOf(name))));
  expect(await runtime.list()).toHaveLength(100);
  expect(fds() - before).toBeLessThan(10);
  await Promise.all(names.map((name) => runtime.stop(name, { graceMs: 5000 })));
  await Promise.all(names.map((name) => runtime.remove(name)));
  await runtime[Symbol.asyncDispose]();
  open = [];
  expect(existsSync(join(dir, 'test'))).toBe(false);
});
