import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { isAlive } from '../src/local/state.ts';
import { Terminal } from './support/terminal.ts';

const bin = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));

/** Reads on until this has been said; the stream stays open. */
async function said(stream: Readable | null, what: string): Promise<string> {
  let text = '';
  stream?.setEncoding('utf8');
  for await (const part of stream?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(part);
    if (text.includes(what)) return text;
  }
  throw new Error(`it ended before it said "${what}": ${text}`);
}

/** A user with a home directory of their own, who runs the program itself. */
class User {
  readonly home: string;

  readonly #terminal: Promise<Terminal>;

  constructor(home: string) {
    this.home = home;
    this.#terminal = Terminal.open({ home, real: true });
  }

  spawn(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [bin, ...args], {
      cwd: this.home,
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        GANTRY_FROM_SOURCE: '1',
        DOCKER_HOST: process.env.DOCKER_HOST,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  async run(
    line: string | readonly string[],
    stdin = '',
  ): Promise<{ code: number | null; out: string; err: string }> {
    const child = this.spawn(typeof line === 'string' ? line.split(' ') : line);
    const text = { out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text.out += part;
    });
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text.err += part;
    });
    child.stdin?.end(stdin);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...text };
  }

  /** Runs the program, which has to succeed. */
  async ok(line: string | readonly string[]): Promise<string> {
    return succeeded(line, await this.run(line));
  }

  /** The same in this process, which is quicker: over HTTP to the same cluster. */
  async here(line: string | readonly string[]): Promise<string> {
    return succeeded(line, await (await this.#terminal).run(line));
  }
}

function succeeded(
  line: unknown,
  { code, out, err }: { code: number | null; out: string; err: string },
): string {
  expect({ line, code, err: code === 0 ? '' : err }).toEqual({ line, code: 0, err: '' });
  return out;
}

const template = {
  process: { command: ['sh', '-c', 'echo "says $MODE"; while :; do sleep 0.2; done'] },
  docker: {
    image: 'gantry-test/busybox:1',
    command: ['sh', '-c', 'trap "exit 0" TERM; echo "says $MODE"; while :; do sleep 0.2; done'],
  },
};

/** The whole story: a service is deployed, observed, changed, rolled back, moved and deleted, and nothing remains. */
function wholeStory(runtime: 'process' | 'docker'): void {
  let user: User;
  const name = `cli-${runtime}`;
  beforeAll(async () => {
    user = new User(await mkdtemp(join(tmpdir(), 'gantry-up-')));
  });
  afterAll(async () => {
    await user.run(`down ${name} --kill --timeout 20s`);
    await rm(user.home, { recursive: true, force: true });
  });

  test('a service lives its life under the words of kubectl', { timeout: 180_000 }, async () => {
    const started = await user.ok(`up -d --runtime ${runtime} --nodes 2 --name ${name}`);
    expect(started).toMatch(/Server: +http:\/\/127\.0\.0\.1:\d+\n/);
    const pid = Number(/Process: +(\d+)/.exec(started)?.[1]);
    expect(await user.run(`up -d --name ${name} --runtime ${runtime}`)).toMatchObject({ code: 4 });

    const service = {
      kind: 'service',
      meta: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        template: { ...template[runtime], env: { MODE: 'one' }, stopGraceMs: 500, drainMs: 0 },
        update: { parallelism: 0, monitorMs: 100 },
      },
    };
    await writeFile(join(user.home, 'web.json'), JSON.stringify(service));
    expect(await user.here('apply -f web.json --wait --timeout 60s')).toContain('2 of 2 tasks are ready');
    expect(await user.ok('get services')).toMatch(/web +replicated +2\/2/);
    expect(await user.here('describe service web')).toMatch(/Tasks:[\s\S]*web\.1\.[\s\S]*web\.2\./);

    const said = await user.ok('logs web --prefix');
    expect(said.match(/^web\.[12]\.\w+@node-[12] says one$/gm)).toHaveLength(2);
    expect(await user.here('scale web --replicas 3 --wait --timeout 60s')).toContain(
      '3 of 3 tasks are ready',
    );
    expect(await user.here('set env web MODE=two --wait --timeout 60s')).toContain('is up to date');
    expect(await user.here('rollout status web --timeout 60s')).toContain('3 of 3');
    expect(await user.here('logs web')).toContain('says two');
    expect(await user.here('rollout undo web')).toContain('rolled back');
    await user.here('rollout status web --timeout 60s');
    expect(await user.here(['get', 'svc', 'web', '-o', 'jsonpath={.spec.template.env.MODE}'])).toBe('one\n');

    expect(await user.here('drain node-1 --timeout 60s')).toContain('node/node-1 drained');
    expect(await user.here('get tasks --field-selector spec.node=node-1,status.state=running -o name')).toBe(
      '',
    );
    const echoed = await user.run(
      ['exec', '-i', 'web', '--', 'sh', '-c', 'cat; echo bad >&2; exit 7'],
      'hello\n',
    );
    expect(echoed).toEqual({ code: 7, out: 'hello\n', err: 'bad\n' });
    expect(await user.here('top tasks')).toMatch(/web\.\d\.\w+ +node-2/);
    expect(await user.ok('delete service web --timeout 60s')).toBe('service/web deleted\n');

    expect(await user.ok('down')).toBe(`cluster ${name} is down\n`);
    expect(await isAlive({ pid })).toBe(false);
    await expect(stat(join(user.home, '.local/state/gantry', name))).rejects.toThrow('ENOENT');
    expect(JSON.parse(await readFile(join(user.home, '.config/gantry/contexts.json'), 'utf8'))).toEqual({
      contexts: {},
    });
    expect(await user.run('get services')).toMatchObject({ code: 5 });
  });
}

describe('gantry on processes', () => wholeStory('process'));
describeWith('docker', 'gantry on Docker', () => wholeStory('docker'));

describe('gantry up', () => {
  let user: User;
  beforeAll(async () => {
    user = new User(await mkdtemp(join(tmpdir(), 'gantry-up-')));
  });
  afterAll(() => rm(user.home, { recursive: true, force: true }));

  test('stops at Ctrl-C in the foreground, and leaves nothing behind', async () => {
    const child = user.spawn(['up', '--runtime', 'fake', '--name', 'front']);
    const closed = once(child, 'close');
    const out = await said(child.stdout, 'Ctrl-C ends it');
    expect(out).toMatch(/^cluster front \(fake\) at http:\/\/127\.0\.0\.1:\d+/);
    child.stdout?.resume();
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
    await expect(stat(join(user.home, '.local/state/gantry/front'))).rejects.toThrow('ENOENT');
  });

  test('keeps running when its reader has gone, and shuts down cleanly with one Ctrl-C', async () => {
    const child = user.spawn(['up', '--runtime', 'fake', '--name', 'unread']);
    const exited = once(child, 'exit');
    await said(child.stdout, 'Ctrl-C ends it');
    child.stdout?.destroy();
    // Its events are lines for a reader that has gone: the first is lost, and so are all that follow.
    await user.ok('service create --name lines --update-monitor 20ms --timeout 60s img:1');
    await user.ok('scale lines=3 --wait --timeout 60s');
    expect(child.exitCode).toBeNull();
    expect(await user.ok('get services')).toMatch(/lines +replicated +3\/3/);
    child.kill('SIGINT');
    await said(child.stderr, 'Ending cluster unread');
    expect(await exited).toEqual([0, null]);
    await expect(stat(join(user.home, '.local/state/gantry/unread'))).rejects.toThrow('ENOENT');
  });

  test('it ends with its terminal, with nothing left', async () => {
    const child = user.spawn(['up', '--runtime', 'fake', '--name', 'hung']);
    await said(child.stdout, 'Ctrl-C ends it');
    child.stdout?.destroy();
    child.stderr?.destroy();
    const exited = once(child, 'exit');
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    await exited;
    await expect(stat(join(user.home, '.local/state/gantry/hung'))).rejects.toThrow('ENOENT');
  });

  test('a command whose reader has gone exits with 1, and says nothing more', async () => {
    const child = user.spawn(['--help']);
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([1, null]);
  });

  test('a cluster that cannot start says why, and leaves nothing but its log', async () => {
    await writeFile(join(user.home, 'bad.config.mjs'), "export default { runtime: 'none', plugins: [] }");
    const failed = await user.run('up -d --config bad.config.mjs --name bad');
    expect(failed).toMatchObject({ code: 1, err: expect.stringContaining('WIRING') });
    expect(await readdir(join(user.home, '.local/state/gantry/bad'))).toEqual(['log']);
  });

  test('tasks outlive a cluster that leaves them, the next one adopts them, and `down` stops them', {
    timeout: 120_000,
  }, async () => {
    const line = 'up -d --runtime process --name stays --data stays-data --leave-tasks';
    const pidOf = (started: string): number => Number(/Process: +(\d+)/.exec(started)?.[1]);
    const runningTask = async (): Promise<string> =>
      await user.here(['get', 'tasks', '-o', 'jsonpath={.items[*].status.pid} {.items[*].status.state}']);
    const first = pidOf(await user.ok(line));
    await user.here('service create --process --name stays --timeout 30s sleep 1000'.split(' '));
    const before = await runningTask();
    const task = Number.parseInt(before, 10);
    process.kill(first, 'SIGTERM');
    while (await isAlive({ pid: first })) await new Promise((resolve) => setImmediate(resolve));
    expect(await isAlive({ pid: task })).toBe(true);
    const second = pidOf(await user.ok(line));
    await user.here('rollout status stays --timeout 30s');
    expect(await runningTask()).toBe(before);
    expect(await user.run('down stays')).toMatchObject({ code: 0, err: '' });
    expect(await isAlive({ pid: second })).toBe(false);
    expect(await isAlive({ pid: task })).toBe(false);
    expect(await readdir(join(user.home, '.local/state/gantry'))).not.toContain('stays');
    expect(await user.run('up --runtime process --leave-tasks')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--leave-tasks needs --data'),
    });
  });

  test('leftovers of a killed cluster are removed by `down`', { timeout: 90_000 }, async () => {
    const started = await user.ok('up -d --runtime process --name killed');
    const pid = Number(/Process: +(\d+)/.exec(started)?.[1]);
    await user.here([
      'service',
      'create',
      '--process',
      '--name',
      'left',
      '--timeout',
      '30s',
      'sleep',
      '1000',
    ]);
    const task = Number(await user.here(['get', 'tasks', '-o', 'jsonpath={.items[0].status.pid}']));
    process.kill(pid, 'SIGKILL');
    while (await isAlive({ pid })) await new Promise((resolve) => setImmediate(resolve));
    expect(await isAlive({ pid: task })).toBe(true);
    expect(await user.run('down killed')).toMatchObject({
      code: 0,
      err: expect.stringContaining('had died'),
    });
    expect(await isAlive({ pid: task })).toBe(false);
    expect(await user.run('down killed')).toMatchObject({ code: 3 });
  });
});
