import { GantryError, type Runtime } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import { silentLogger, TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { RuntimeWatcher } from '../src/runtime-watcher.ts';

const task: RuntimeTask = { task: 'web.1.a', id: 'c1', state: 'running' };

test('changes are passed on; after an interruption the tasks are listed, and watched again', async () => {
  const clock = new TestClock();
  const stop = new AbortController();
  const changes: (readonly RuntimeTask[])[] = [];
  const lists: (readonly RuntimeTask[])[] = [];
  let watches = 0;
  const runtime = {
    async *events() {
      watches++;
      yield [task];
      throw new GantryError('UNAVAILABLE', 'the engine does not answer');
    },
    list: async () => [task],
  } as unknown as Runtime;
  const watcher = new RuntimeWatcher({
    node: 'n1',
    runtime,
    clock,
    logger: silentLogger,
    onChange: (batch) => void changes.push(batch),
    onList: (present) => void lists.push(present),
  });
  const ended = watcher.run(stop.signal);
  await clock.advance(0);
  expect([watches, changes.length, lists.length]).toEqual([1, 1, 0]);
  await clock.advance(1000);
  expect(watches).toBeGreaterThan(1);
  expect(lists.length).toBeGreaterThan(0);
  stop.abort();
  await clock.advance(10_000);
  await ended;
});

test('a runtime that cannot be listed is watched again all the same', async () => {
  const clock = new TestClock();
  const stop = new AbortController();
  let watches = 0;
  const unavailable = async (): Promise<never> => {
    throw new GantryError('UNAVAILABLE', 'the engine does not answer');
  };
  const runtime = {
    // biome-ignore lint/correctness/useYield: it fails before it yields anything
    async *events() {
      watches++;
      await unavailable();
    },
    list: unavailable,
  } as unknown as Runtime;
  const watcher = new RuntimeWatcher({
    node: 'n1',
    runtime,
    clock,
    logger: silentLogger,
    onChange: () => undefined,
    onList: () => undefined,
  });
  const ended = watcher.run(stop.signal);
  await clock.advance(1000);
  expect(watches).toBeGreaterThan(2);
  await expect(watcher.resync()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  stop.abort();
  await clock.advance(10_000);
  await ended;
});
