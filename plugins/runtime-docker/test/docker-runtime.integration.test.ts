import { execFileSync } from 'node:child_process';
import type { RuntimeLogLine, RuntimeSpec } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { silentLogger } from '@gantry/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Gate } from '../src/gate.ts';
import { DockerRuntime } from '../src/index.ts';

const cluster = `docker-${process.pid}`;
const base: TemplateSpec = {
  image: 'gantry-test/busybox:1',
  command: ['sleep', '1000'],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'never',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 1000,
  drainMs: 0,
  healthChecks: { image: true },
};
const nowhere = { networks: [], ports: [], publish: [], env: {} };

let open: DockerRuntime[] = [];

function make(socketPath?: string, node = 'n1'): DockerRuntime {
  const runtime = new DockerRuntime({
    owner: { cluster, node },
    clock: new SystemClock(),
    logger: silentLogger,
    timeoutMs: 60_000,
    network: 'none',
    resyncMs: 30_000,
    starts: new Gate(8),
    socketPath,
  });
  open.push(runtime);
  return runtime;
}

function specOf(task: string, template: Partial<TemplateSpec> = {}, attachment = {}): RuntimeSpec {
  return {
    task,
    service: 'web',
    slot: '1',
    template: { ...base, ...template },
    attachment: { ...nowhere, ...attachment },
  };
}

const docker = (...args: readonly string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8' }).trim();
const inspect = (task: string) => JSON.parse(docker('inspect', `gantry-${cluster}-${task}`))[0];

async function logsOf(runtime: DockerRuntime, task: string): Promise<readonly RuntimeLogLine[]> {
  const lines: RuntimeLogLine[] = [];
  for await (const batch of runtime.logs(task, { follow: true })) lines.push(...batch);
  return lines;
}

async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  for (let n = 0; n < 500 && !(await check()); n++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await check()).toBe(true);
}

describeWith('docker', 'runtime-docker on a real engine', () => {
  afterEach(async () => {
    for (const runtime of open) await runtime[Symbol.asyncDispose]();
    open = [];
    const left = docker('ps', '-aq', '--filter', `label=gantry.cluster=${cluster}`)
      .split('\n')
      .filter(Boolean);
    if (left.length > 0) docker('rm', '-fv', ...left);
  });

  test('a template becomes a container, field by field', async () => {
    const runtime = make();
    await runtime.ensure(
      specOf(
        'a',
        {
          command: ['sh', '-c'],
          args: ['trap "exit 130" INT; echo $COLOR $PORT; pwd; id -u; while :; do sleep 0.05; done'],
          env: { COLOR: 'red' },
          labels: { tier: 'front' },
          workingDir: '/var/tmp',
          user: 'nobody',
          stopSignal: 'SIGINT',
          resources: { requests: {}, limits: { cpu: 250, memory: 64 * 2 ** 20 } },
          mounts: [
            { type: 'bind', source: '/tmp', target: '/host', readOnly: true },
            { type: 'tmpfs', target: '/scratch', size: 2 ** 20 },
          ],
        },
        { env: { PORT: '80' } },
      ),
    );
    const { HostConfig, Config, Mounts } = inspect('a');
    expect(HostConfig).toMatchObject({ Init: false, NanoCpus: 250_000_000, Memory: 64 * 2 ** 20 });
    expect(Config).toMatchObject({ StopSignal: 'SIGINT', User: 'nobody', WorkingDir: '/var/tmp' });
    expect(Config.Labels).toMatchObject({
      tier: 'front',
      'gantry.cluster': cluster,
      'gantry.node': 'n1',
      'gantry.task': 'a',
      'gantry.service': 'web',
      'gantry.slot': '1',
    });
    expect(
      Mounts.map(({ Type, Destination, RW }: Record<string, unknown>) => [Type, Destination, RW]),
    ).toEqual(
      expect.arrayContaining([
        ['bind', '/host', false],
        ['tmpfs', '/scratch', true],
      ]),
    );
    const reading = logsOf(runtime, 'a');
    await runtime.stop('a', { graceMs: 5000 });
    expect((await reading).map(({ text }) => text)).toEqual(['red 80', '/var/tmp', '65534']);
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 130 }]);
  });

  test('a task joins its networks under its aliases, and reports its addresses, the first network first', async () => {
    const names = ['a', 'b'].map((name) => `gantry-${cluster}-${name}`);
    for (const name of names) docker('network', 'create', name);
    try {
      const runtime = make();
      const networks = [
        { name: 'b', engineName: names[1] as string, aliases: ['web'] },
        { name: 'a', engineName: names[0] as string, aliases: ['web', 'api'] },
      ];
      const { addresses } = await runtime.ensure(specOf('x', {}, { networks }));
      expect(Object.keys(addresses ?? {})).toEqual(['b', 'a']);
      const joined = inspect('x').NetworkSettings.Networks;
      expect(joined[names[0] as string].Aliases).toEqual(expect.arrayContaining(['web', 'api']));
      expect(addresses?.a).toBe(joined[names[0] as string].IPAddress);
      const restarted = make();
      expect((await restarted.list())[0]?.addresses).toEqual(addresses);
      await runtime.remove('x');
    } finally {
      for (const name of names) docker('network', 'rm', name);
    }
  });

  test('a published port is published, and one that is taken is CONFLICT and leaves no container', async () => {
    const runtime = make();
    const publish = [{ target: 80, protocol: 'tcp' as const, port: 28_451 }];
    const networks = [{ name: 'default', engineName: 'bridge', aliases: [] }];
    await runtime.ensure(specOf('a', {}, { publish, networks }));
    expect(docker('port', `gantry-${cluster}-a`)).toContain('28451');
    await expect(runtime.ensure(specOf('b', {}, { publish, networks }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await runtime.list()).map(({ task }) => task)).toEqual(['a']);
  });

  describe('a name that is taken', () => {
    const create = (...args: readonly string[]) =>
      docker('create', '--name', `gantry-${cluster}-a`, ...args, 'gantry-test/busybox:1', 'sleep', '1000');
    const labels = (node: string) =>
      Object.entries({ cluster, node, task: 'a' }).flatMap(([key, value]) => [
        '--label',
        `gantry.${key}=${value}`,
      ]);

    test('a half-made container of a dead program is replaced', async () => {
      const left = create(...labels('n1'));
      const { id, state } = await make().ensure(specOf('a'));
      expect(state).toBe('running');
      expect(id).not.toBe(left);
    });

    test('a running container of the same task is adopted', async () => {
      const left = create(...labels('n1'));
      docker('start', left);
      expect((await make().ensure(specOf('a'))).id).toBe(left);
    });

    test('a container of the same task on another node is removed first', async () => {
      const left = create(...labels('n2'));
      docker('start', left);
      expect((await make().ensure(specOf('a'))).id).not.toBe(left);
    });

    test('a foreign container is CONFLICT, and left alone', async () => {
      const left = create();
      try {
        await expect(make().ensure(specOf('a'))).rejects.toMatchObject({ code: 'CONFLICT' });
        expect(docker('inspect', '--format', '{{.Id}}', left)).toBe(left);
      } finally {
        docker('rm', '-f', left);
      }
    });
  });

  test('a missing image that may not be pulled is INVALID_OBJECT with a hint', async () => {
    await expect(make().ensure(specOf('a', { image: 'gantry-test/none:1' }))).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringMatching(/gantry-test\/none:1.*never/),
    });
  });

  test('an image whose registry is away is UNAVAILABLE, and no secret is in the error', async () => {
    const registryAuth = { username: 'user', password: 'very-secret' };
    const template = { image: '127.0.0.1:1/app:1', pullPolicy: 'missing' as const, registryAuth };
    const error = await make()
      .ensure(specOf('a', template))
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('127.0.0.1:1/app') });
    expect(String(error) + JSON.stringify(error)).not.toContain('very-secret');
  });

  test('a container that is killed externally is reported within a moment', async () => {
    const runtime = make();
    await runtime.start();
    const { pid, id } = await runtime.ensure(specOf('a', { command: ['sleep', '1000'] }));
    const over = new AbortController();
    const events = runtime.events(over.signal)[Symbol.asyncIterator]();
    process.kill(pid as number, 'SIGKILL');
    const { value } = await events.next();
    expect(value).toMatchObject([{ task: 'a', id, state: 'exited', exitCode: 137 }]);
    over.abort();
  });

  test('a container that is removed externally is reported as ended', async () => {
    const runtime = make();
    await runtime.start();
    await runtime.ensure(specOf('a'));
    const over = new AbortController();
    const events = runtime.events(over.signal)[Symbol.asyncIterator]();
    docker('rm', '-f', `gantry-${cluster}-a`);
    expect((await events.next()).value).toMatchObject([{ task: 'a', state: 'exited' }]);
    await until(async () => (await runtime.list()).length === 0);
    over.abort();
  });

  test('exceeding the memory limit is reported as the reason of the end', async (context) => {
    const runtime = make();
    await runtime.start();
    if (!runtime.supports.limits.memory) return context.skip('the engine cannot limit memory');
    const eat = ['sh', '-c', 'sleep 0.3; x=a; while :; do x=$x$x; done'];
    await runtime.ensure(
      specOf('a', { command: eat, resources: { requests: {}, limits: { memory: 16 * 2 ** 20 } } }),
    );
    await until(async () => (await runtime.list())[0]?.state === 'exited');
    expect(await runtime.list()).toMatchObject([{ exitCode: 137, reason: 'out of memory' }]);
  });

  test('exec on a terminal: one raw stream, a size that can change', async () => {
    const runtime = make();
    await runtime.ensure(specOf('a'));
    async function* input() {
      yield Buffer.from('sleep 0.3; stty size; exit 3\n');
    }
    const session = await runtime.exec('a', { command: ['sh'], tty: true, stdin: input() });
    await session.resize(100, 40);
    let text = '';
    for await (const { data } of session.output) text += Buffer.from(data).toString();
    expect(text).toContain('40 100');
    expect(await session.exitCode).toBe(3);
  });

  test('much output through exec and logs arrives whole', async () => {
    const runtime = make();
    await runtime.ensure(specOf('a', { command: ['sh', '-c', 'seq 1 20000'] }));
    const lines = await logsOf(runtime, 'a');
    expect(lines.length).toBe(20_000);
    expect(lines.every(({ text }, index) => text === String(index + 1))).toBe(true);
    await runtime.ensure(specOf('b'));
    const session = await runtime.exec('b', { command: ['sh', '-c', 'seq 1 50000; seq 1 10 >&2; exit 2'] });
    const bytes = { stdout: 0, stderr: 0 };
    for await (const { stream, data } of session.output) bytes[stream] += data.length;
    expect(bytes).toEqual({ stdout: 288_894, stderr: 21 });
    expect(await session.exitCode).toBe(2);
  });

  test('nodes of one cluster do not see the tasks of each other', async () => {
    const [one, two] = [make(), make(undefined, 'n2')];
    await one.ensure(specOf('a'));
    expect(await two.list()).toEqual([]);
  });

  test('an engine that is away is UNAVAILABLE', async () => {
    await expect(make('/no/such/socket').start()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
