import { isGantryError } from '@gantry/core';
import type { RuntimeSpec, StartProgress } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SeededRandom, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { FakeRuntime, FakeWorld, fakeRuntime } from '../src/index.ts';
import { lifeSchema } from '../src/life.ts';

const template: TemplateSpec = {
  image: 'app:1',
  command: [],
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
const attachment = { networks: [], ports: [], publish: [], env: {} };

function specOf(task: string, labels: Record<string, string> = {}): RuntimeSpec {
  return { task, service: 'web', slot: '1', template: { ...template, labels }, attachment };
}

function make(life: Record<string, unknown> = {}, world?: FakeWorld) {
  const clock = new TestClock();
  const node = { name: 'n1', labels: {}, capacity: {} };
  const runtime = new FakeRuntime({
    node,
    clock,
    random: new SeededRandom(1),
    capacity: { cpu: 1000 },
    life: lifeSchema.parse(life),
    world,
  });
  return { clock, runtime };
}

describe('the staged life of a task', () => {
  test('a pull reports its progress, and the task runs once it is done', async () => {
    const { clock, runtime } = make({ pullMs: 400, startDelayMs: 10 });
    const told: StartProgress[] = [];
    const start = runtime.ensure(specOf('a'), { onProgress: (progress) => told.push(progress) });
    await clock.advance(250);
    expect(told.map(({ phase, doneBytes }) => [phase, doneBytes])).toEqual([
      ['pulling', 0],
      ['pulling', 10_000_000],
      ['pulling', 20_000_000],
    ]);
    expect(told[0]).toMatchObject({ image: 'app:1', totalBytes: 40_000_000 });
    await clock.advance(160);
    expect(await start).toMatchObject({ state: 'running' });
    expect(told.at(-1)?.phase).toBe('starting');
  });

  test.each([
    ['missing', 'INVALID_OBJECT', 'ImageNotFound'],
    ['unauthorized', 'INVALID_OBJECT', 'ImageUnauthorized'],
    ['platform', 'INVALID_OBJECT', 'ImagePlatform'],
    ['unreachable', 'UNAVAILABLE', 'RegistryUnavailable'],
  ])('a pull of an image that is %s fails with %s, and nothing is left', async (pull, code, reason) => {
    const { clock, runtime } = make();
    const start = runtime.ensure(specOf('a', { 'fake/pull': pull, 'fake/pull-ms': '100' }));
    const failed = expect(start).rejects.toMatchObject({
      code,
      details: { field: 'image', image: 'app:1', registry: 'fake.example', reason },
    });
    await clock.advance(100);
    await failed;
    expect(await runtime.list()).toEqual([]);
  });

  test('a pull that hangs continues until it is stopped', async () => {
    const { clock, runtime } = make({ pull: 'hang' });
    const start = runtime.ensure(specOf('a'));
    await clock.advance(3_600_000);
    expect(await runtime.list()).toMatchObject([{ state: 'created' }]);
    await runtime.stop('a', { graceMs: 0 });
    expect(await start).toMatchObject({ state: 'exited' });
    expect(clock.pending).toBe(0);
  });

  test('an engine that is unavailable at first fails each attempt until it is back', async () => {
    const { clock, runtime } = make({ unavailableMs: 100 });
    for (const ms of [0, 99]) {
      await clock.advance(ms);
      await expect(runtime.ensure(specOf('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await clock.advance(1);
    expect(await runtime.ensure(specOf('a'))).toMatchObject({ state: 'running' });
  });

  test('a rejection has the code, text and details that its life gives it, on the bad nodes only', async () => {
    const labels = {
      'fake/fail-start': '1',
      'fake/fail-with': 'UNSUPPORTED',
      'fake/fail-message': 'cannot do this here',
      'fake/fail-reason': 'MountInvalid',
      'fake/fail-field': 'mounts',
    };
    const { runtime } = make();
    await expect(runtime.ensure(specOf('a', labels))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'runtime-fake: "a" cannot do this here',
      details: { reason: 'MountInvalid', field: 'mounts' },
    });
    const elsewhere = { ...labels, 'fake/bad-nodes': 'n2, n3' };
    expect(await runtime.ensure(specOf('b', elsewhere))).toMatchObject({ state: 'running' });
  });

  test('a task can exit on one node only', async () => {
    const { clock, runtime } = make({ exitAfterMs: 10, exitCode: 3 });
    await runtime.ensure(specOf('a', { 'fake/bad-nodes': 'n2' }));
    await runtime.ensure(specOf('b', { 'fake/bad-nodes': 'n1' }));
    await clock.advance(10);
    expect((await runtime.list()).map(({ state }) => state)).toEqual(['running', 'exited']);
  });

  test('an end reports its signal, and whether memory was exceeded', async () => {
    const { clock, runtime } = make({ exitAfterMs: 10 });
    await runtime.ensure(specOf('a', { 'fake/oom': 'true' }));
    await runtime.ensure(specOf('b', { 'fake/exit-signal': 'SIGSEGV' }));
    await clock.advance(10);
    expect(await runtime.list()).toMatchObject([
      { exitCode: 137, signal: 'SIGKILL', oomKilled: true, reason: 'out of memory' },
      { exitCode: 139, signal: 'SIGSEGV', reason: 'SIGSEGV' },
    ]);
  });

  test('the health check of the image is reported as it changes', async () => {
    const { clock, runtime } = make({ healthyAfterMs: 10, unhealthyAfterMs: 50, healthMessage: 'pong' });
    const seen: unknown[] = [(await runtime.ensure(specOf('a'))).health];
    for (const ms of [10, 40]) {
      await clock.advance(ms);
      seen.push((await runtime.list())[0]?.health);
    }
    expect(seen).toEqual(['starting', 'healthy', 'unhealthy']);
    expect((await runtime.list())[0]?.healthMessage).toBe('pong');
  });

  test('its last line follows the others once it has ended', async () => {
    const { clock, runtime } = make({ exitAfterMs: 10, exitCode: 1 });
    await runtime.ensure(specOf('a', { 'fake/print': '1', 'fake/print-at-end': 'fatal: 2' }));
    const lines = async () => {
      const all: string[] = [];
      for await (const batch of runtime.logs('a')) all.push(...batch.map(({ text }) => text));
      return all;
    };
    expect(await lines()).toEqual(['1']);
    await clock.advance(10);
    expect(await lines()).toEqual(['1', 'fatal: 2']);
  });

  test('a task without delays runs immediately and needs no timer', async () => {
    const { clock, runtime } = make();
    expect(await runtime.ensure(specOf('a'))).toMatchObject({ task: 'a', state: 'running' });
    expect(clock.pending).toBe(0);
  });

  test('a start takes its delay, varied by the jitter', async () => {
    const { clock, runtime } = make({ startDelayMs: 100, jitter: 0.5 });
    const starts = Array.from({ length: 20 }, (_, n) => runtime.ensure(specOf(`t${n}`)));
    await clock.advance(49);
    expect((await runtime.list()).every(({ state }) => state === 'created')).toBe(true);
    await clock.advance(51);
    const early = (await runtime.list()).filter(({ state }) => state === 'running').length;
    expect(early).toBeGreaterThan(2);
    expect(early).toBeLessThan(18);
    await clock.advance(50);
    expect((await Promise.all(starts)).every(({ state }) => state === 'running')).toBe(true);
  });

  test('labels override the options', async () => {
    const { clock, runtime } = make({ startDelayMs: 1000 });
    const spec = specOf('a', {
      'fake/start-delay-ms': '0',
      'fake/exit-after-ms': '50',
      'fake/exit-code': '3',
    });
    expect((await runtime.ensure(spec)).state).toBe('running');
    await clock.advance(50);
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 3 }]);
  });

  test('an unknown label below "fake/", or one with a wrong value, is INVALID_OBJECT with its path', async () => {
    const { runtime } = make();
    await expect(runtime.ensure(specOf('a', { 'fake/exit-cod': '3' }))).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringContaining('exitCod'),
    });
    await expect(runtime.ensure(specOf('a', { 'fake/exit-code': 'three' }))).rejects.toMatchObject({
      issues: [{ path: 'template.labels.fake/exit-code' }],
    });
    expect(await runtime.list()).toEqual([]);
  });

  test('the first starts of a slot fail, then it starts', async () => {
    const { runtime } = make({ failFirst: 2, failWith: 'UNAVAILABLE' });
    for (const task of ['a', 'b']) {
      await expect(runtime.ensure(specOf(task))).rejects.toSatisfy((e) => isGantryError(e, 'UNAVAILABLE'));
    }
    expect((await runtime.ensure(specOf('c'))).state).toBe('running');
    expect(await runtime.list()).toHaveLength(1);
  });

  test('starts fail at random', async () => {
    const { runtime } = make({ failStart: 0.5 });
    const starts = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => runtime.ensure(specOf(`t${n}`))),
    );
    const failed = starts.filter(({ status }) => status === 'rejected').length;
    expect(failed).toBeGreaterThan(30);
    expect(failed).toBeLessThan(70);
  });

  test('only the first tasks of a slot end on their own', async () => {
    const { clock, runtime } = make({ exitAfterMs: 10, exitFirst: 1, exitCode: 1 });
    await runtime.ensure(specOf('a'));
    await clock.advance(10);
    await runtime.ensure(specOf('b'));
    await clock.advance(1000);
    expect((await runtime.list()).map(({ state }) => state)).toEqual(['exited', 'running']);
  });

  test('commands in it fail until it is ready, and when it is sick', async () => {
    const { clock, runtime } = make({ readyAfterMs: 100, sickAfterMs: 200 });
    await runtime.ensure(specOf('a'));
    const codes: number[] = [];
    for (const wait of [0, 100, 100]) {
      await clock.advance(wait);
      const session = await runtime.exec('a', { command: ['true'] });
      for await (const _ of session.output);
      codes.push(await session.exitCode);
    }
    expect(codes).toEqual([1, 0, 1]);
  });

  test('crash ends a task with its code', async () => {
    const { runtime } = make();
    await runtime.ensure(specOf('a'));
    runtime.crash('a', 139);
    expect(await runtime.list()).toMatchObject([{ state: 'exited', exitCode: 139 }]);
  });

  test('dispose leaves no timer behind', async () => {
    const { clock, runtime } = make({ exitAfterMs: 1000 });
    await runtime.ensure(specOf('a'));
    await runtime[Symbol.asyncDispose]();
    await runtime[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
    await expect(runtime.list()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('a world', () => {
  test('keeps tasks running while there is no runtime', async () => {
    const world = new FakeWorld();
    const first = make({ exitAfterMs: 100 }, world);
    const { id } = await first.runtime.ensure(specOf('a'));
    await first.runtime[Symbol.asyncDispose]();
    await first.clock.advance(100);
    const second = make({}, world);
    expect(await second.runtime.list()).toMatchObject([{ task: 'a', id, state: 'exited', exitCode: 0 }]);
  });

  test('a machine that loses its power has forgotten everything', async () => {
    const world = new FakeWorld();
    const { clock, runtime } = make({ exitAfterMs: 100 }, world);
    await runtime.ensure(specOf('a'));
    world.lose('n1');
    expect(await runtime.list()).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('wrong options are rejected with their path', () => {
  expect(() => fakeRuntime({ failStart: 2 })).toThrow(/runtime-fake: failStart/);
});

test('a batch of events holds all changes since the last one', async () => {
  const { runtime } = make();
  const over = new AbortController();
  const events = runtime.events(over.signal)[Symbol.asyncIterator]();
  await Promise.all(Array.from({ length: 500 }, (_, n) => runtime.ensure(specOf(`t${n}`))));
  const { value } = await events.next();
  expect(value).toHaveLength(500);
  over.abort();
  expect((await events.next()).done).toBe(true);
});
