import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartProgress } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Bench, docker, listed, specOf } from './support/docker.ts';
import { type Registry, startRegistry, tarOf } from './support/registry.ts';

const bench = new Bench('fail');
const limits = { memory: 1000 };

describeWith('docker', 'a container that cannot start', () => {
  afterEach(() => bench.clear());

  test.each([
    ['whose command is missing', { command: ['nosuch'] }, 'command', 'CommandNotFound', /nosuch/],
    ['whose command has no such path', { command: ['/no/such'] }, 'command', 'CommandNotFound', /no\/such/],
    ['whose command is a directory', { command: ['/etc'] }, 'command', 'CommandNotExecutable', /etc/],
    [
      'whose command may not be executed',
      { command: ['/etc/passwd'] },
      'command',
      'CommandNotExecutable',
      /passwd/,
    ],
    ['whose user is unknown', { user: 'nosuch' }, 'user', 'UserUnknown', /nosuch/],
    ['whose group is unknown', { user: '1:nosuch' }, 'user', 'UserUnknown', /nosuch/],
    [
      'whose mount has no source',
      { mounts: [{ type: 'bind', source: '/no/such', target: '/x', readOnly: false }] },
      'mounts',
      'MountInvalid',
      /\/no\/such/,
    ],
    ['whose working directory is a file', { workingDir: '/etc/passwd' }, 'workingDir', undefined, /passwd/],
    ['whose stop signal does not exist', { stopSignal: 'SIGNOSUCH' }, 'stopSignal', undefined, /SIGNOSUCH/],
    [
      'whose memory is below the minimum',
      { resources: { requests: {}, limits } },
      'resources.limits',
      undefined,
      /minimum memory/i,
    ],
  ] satisfies [string, Partial<TemplateSpec>, string, string | undefined, RegExp][])(
    '%s is INVALID_OBJECT, with the field and the words of the engine',
    async (_what, template, field, reason, words) => {
      const error = await bench
        .runtime()
        .ensure(specOf('a', template))
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID_OBJECT', message: expect.stringMatching(words) });
      expect(error.details).toEqual({ field, ...(reason && { reason }) });
      expect(bench.container('a')).toBe('');
    },
  );

  test('for its command is built for another architecture says so', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'gantry-arch-'));
    const image = `gantry-test/arch-${process.pid}:1`;
    try {
      const app = readFileSync(process.execPath).subarray(0, 1 << 16);
      app.writeUInt16LE(0xf7 ^ 0x10, 18); // a machine that this one is not
      writeFileSync(join(dir, 'app'), app, { mode: 0o755 });
      execFileSync('docker', ['import', '-', image], { input: tarOf(dir) });
      const { runtime, events } = await bench.following();
      await runtime.ensure(specOf('a', { image, command: ['/app'] }));
      await listed(runtime, 'a', { state: 'exited', reason: expect.stringContaining('exec format error') });
      expect(events.at(-1)).toMatchObject({ reason: expect.stringContaining('exec format error') });
    } finally {
      rmSync(dir, { recursive: true });
      await bench.clear();
      docker('rmi', '-f', image);
    }
  });
});

describeWith('docker', 'an image that is pulled', () => {
  let registry: Registry;
  let dir: string;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'gantry-layer-'));
    registry = await startRegistry((content) => {
      writeFileSync(join(dir, 'data'), content);
      return tarOf(dir);
    });
  });

  afterEach(() => bench.clear());
  afterAll(async () => {
    await registry.close();
    rmSync(dir, { recursive: true });
  });

  const start = (name: string, registryAuth?: TemplateSpec['registryAuth']) => {
    const image = `${registry.host}/${name}`;
    return bench.runtime().ensure(specOf('a', { image, pullPolicy: 'missing', registryAuth }));
  };

  describe('and is unavailable', () => {
    test.each([
      ['that the registry does not have', 'missing:1', 'INVALID_OBJECT', 'ImageNotFound'],
      ['that asks for credentials', 'private:1', 'INVALID_OBJECT', 'ImageUnauthorized'],
      ['to which access is denied', 'denied:1', 'INVALID_OBJECT', 'ImageUnauthorized'],
      ['that exists for other platforms only', 'arm:1', 'INVALID_OBJECT', 'ImagePlatform'],
      ['while the registry is down', 'broken:1', 'UNAVAILABLE', 'RegistryUnavailable'],
      ['while the registry limits the rate', 'busy:1', 'UNAVAILABLE', 'RegistryUnavailable'],
    ])('one %s (%s) is %s, with image and registry', async (_what, name, code, reason) => {
      const registryAuth = { username: 'user', password: 'very-secret' };
      const error = await start(name, registryAuth).catch((thrown) => thrown);
      const image = `${registry.host}/${name}`;
      expect({ code: error.code, message: error.message, details: error.details }).toEqual({
        code,
        message: expect.stringContaining(`cannot pull "${image}" from registry "${registry.host}": `),
        details: { field: 'image', image, registry: registry.host, reason },
      });
      expect(String(error) + JSON.stringify(error)).not.toContain('very-secret');
    });

    test('one whose registry has no address is UNAVAILABLE', async () => {
      const image = 'no-such-host.invalid/app:1';
      const call = bench.runtime().ensure(specOf('a', { image, pullPolicy: 'missing' }));
      await expect(call).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('cannot pull "no-such-host.invalid/app:1"'),
        details: { registry: 'no-such-host.invalid', reason: 'RegistryUnavailable' },
      });
    });
  });

  test('is downloaded once for all its tasks, each receives the progress, and a task can leave at any time', async () => {
    const runtime = bench.runtime();
    const image = `${registry.host}/slow:1`;
    const told = new Map<string, StartProgress[]>();
    const begin = (task: string): Promise<unknown> => {
      told.set(task, []);
      const onProgress = (progress: StartProgress): void => void told.get(task)?.push(progress);
      const spec = specOf(task, { image, command: ['/nosuch'], pullPolicy: 'missing' });
      return runtime.ensure(spec, { onProgress }).catch((error: unknown) => error);
    };
    const a = begin('a');
    await vi.waitFor(() => expect(registry.downloads()).toBe(1), { timeout: 20_000 });
    const b = begin('b');
    const halfWay = ({ doneBytes = 0, totalBytes = 0 }: StartProgress): boolean =>
      doneBytes > 0 && doneBytes < totalBytes;
    await vi.waitFor(() => expect([...told.values()].every((all) => all.some(halfWay))).toBe(true), {
      timeout: 20_000,
    });
    expect(told.get('a')?.find(halfWay)).toMatchObject({
      phase: 'pulling',
      image,
      message: expect.stringMatching(/^pulling .*: \d+\.\d of 4\.\d MB$/),
    });
    expect(registry.downloads()).toBe(1);
    await runtime.stop('a', { graceMs: 0 });
    expect(await a).toMatchObject({ code: 'ABORTED' });
    expect(registry.downloads()).toBe(1);
    await runtime.stop('b', { graceMs: 0 });
    expect(await b).toMatchObject({ code: 'ABORTED' });

    const c = begin('c');
    registry.release();
    try {
      expect(await c).toMatchObject({ code: 'INVALID_OBJECT', details: { field: 'command' } });
      expect([...new Set(told.get('c')?.map(({ phase }) => phase))]).toEqual([
        'pulling',
        'creating',
        'starting',
      ]);
    } finally {
      docker('rmi', '-f', image);
    }
  });
});
