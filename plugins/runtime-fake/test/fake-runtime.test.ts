import { isGantryError, type RuntimeSpec, type TemplateSpec } from '@gantry/core';
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
  test('without delays it runs at once and needs no timer', async () => {
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

  test('starts fail by chance', async () => {
    const { runtime } = make({ failStart: 0.5 });
    const starts = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => runtime.ensure(specOf(`t${n}`))),
    );
    const failed = starts.filter(({ status }) => status === 'rejected').length;
    expect(failed).toBeGreaterThan(30);
    expect(failed).toBeLessThan(70);
  });

  test('only the first tasks of a slot end by themselves', async () => {
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
  test('keeps what runs, and lets it go on living, while there is no runtime', async () => {
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

test('wrong options are refused with their path', () => {
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
