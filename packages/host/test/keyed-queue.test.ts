import { GantryError } from '@gantry/core';
import type { ReconcileResult } from '@gantry/core/contracts';
import { SystemClock } from '@gantry/system';
import { SeededRandom, TestClock } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyedQueue, type KeyedQueueOptions } from '../src/keyed-queue.ts';

type Run = KeyedQueueOptions['run'];

function make(run: Run, options: Partial<KeyedQueueOptions> = {}) {
  const clock = new TestClock();
  const errors: { key: string; retryInMs: number }[] = [];
  const queue = new KeyedQueue({
    clock,
    random: new SeededRandom(1),
    concurrency: 2,
    run,
    onError: (key, _error, retryInMs) => errors.push({ key, retryInMs }),
    ...options,
  });
  return { queue, clock, errors };
}

/** A run that takes `ms` and notes when each key was begun and ended. */
function slow(clock: () => TestClock, ms: number) {
  const log: string[] = [];
  const running = new Map<string, number>();
  let most = 0;
  const run: Run = async (key) => {
    log.push(key);
    running.set(key, (running.get(key) ?? 0) + 1);
    most = Math.max(most, running.size);
    expect(running.get(key)).toBe(1);
    await clock().sleep(ms);
    running.delete(key);
    return undefined;
  };
  return { log, run, most: () => most };
}

describe('a keyed queue', () => {
  test('a key that waits is not added twice', async () => {
    const log: string[] = [];
    const { queue, clock } = make(async (key) => void log.push(key) as undefined);
    for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
    await clock.settle();
    expect(log).toEqual(['a', 'b']);
  });

  test('a key that is added while it runs runs once more, however often it was added', async () => {
    const work = slow(() => clock, 10);
    const { queue, clock } = make(work.run);
    queue.add('a');
    await clock.advance(5);
    for (let i = 0; i < 5; i++) queue.add('a');
    await clock.advance(100);
    expect(work.log).toEqual(['a', 'a']);
  });

  test('never runs a key concurrently with itself, even if its run adds it again', async () => {
    let running = 0;
    let runs = 0;
    const { queue, clock } = make(async (key) => {
      if (++runs === 1) queue.add(key);
      expect(++running).toBe(1);
      await clock.sleep(10);
      running--;
      return undefined;
    });
    queue.add('a');
    await clock.advance(100);
    expect(runs).toBe(2);
  });

  test('runs the given number of keys concurrently, and all of them in the end', async () => {
    const work = slow(() => clock, 10);
    const { queue, clock } = make(work.run, { concurrency: 3 });
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) queue.add(key);
    await clock.advance(1000);
    expect(work.log).toEqual(keys);
    expect(work.most()).toBe(3);
  });

  test('logs a run that throws, and retries it with backoff and jitter', async () => {
    let runs = 0;
    const { queue, clock, errors } = make(async () => {
      runs++;
      throw new Error('boom');
    });
    queue.add('a');
    await clock.advance(60_000);
    expect(runs).toBe(errors.length);
    errors.slice(0, 8).forEach(({ retryInMs }, index) => {
      expect(retryInMs).toBeGreaterThanOrEqual(10 * 2 ** index);
      expect(retryInMs).toBeLessThan(30 * 2 ** index);
    });
    await queue.close();
    expect(clock.pending).toBe(0);
  });

  test('no wait is longer than 45 s, however often it failed', async () => {
    const { queue, clock, errors } = make(() => Promise.reject(new Error('boom')));
    queue.add('a');
    await clock.advance(30 * 60_000);
    expect(Math.max(...errors.map(({ retryInMs }) => retryInMs))).toBeLessThan(45_000);
    expect(errors.length).toBeGreaterThan(40);
    await queue.close();
  });

  test.each(['UNAVAILABLE', 'TIMEOUT', 'EXHAUSTED'] as const)(
    'runs within 6 s once the store works again after a long outage: %s',
    async (code) => {
      let works = false;
      let runs = 0;
      const { queue, clock } = make(async () => {
        if (!works) throw new GantryError(code, 'the disk is full');
        runs++;
        return undefined;
      });
      for (let key = 0; key < 20; key++) queue.add(`k${key}`);
      await clock.advance(60 * 60_000);
      works = true;
      await clock.advance(6000);
      expect(runs).toBe(20);
      await queue.close();
    },
  );

  test('runs that trigger each other endlessly do not block the event loop', async () => {
    let runs = 0;
    const { queue } = make(
      async (key) => {
        runs++;
        queue.add(key);
        await Promise.resolve();
        // An event that arrives after the run has ended, but before the event loop turns.
        void Promise.resolve().then(() => Promise.resolve().then(() => queue.add('b')));
        return undefined;
      },
      { clock: new SystemClock() },
    );
    queue.add('a');
    for (let turn = 0; turn < 3; turn++) {
      const before = runs;
      await new Promise((resolve) => setImmediate(resolve));
      expect(runs).toBeGreaterThan(before);
    }
    await queue.close();
  });

  test('resets the backoff after a success', async () => {
    let fails = 4;
    const { queue, clock, errors } = make(async () => {
      if (fails-- > 0) throw new Error('boom');
      return undefined;
    });
    queue.add('a');
    await clock.advance(10_000);
    expect(errors).toHaveLength(4);
    fails = 1;
    queue.add('a');
    await clock.settle();
    expect(errors[4]?.retryInMs).toBeLessThan(30);
  });

  test('retries a run that throws synchronously, without a promise, like any other', async () => {
    let runs = 0;
    const { queue, clock, errors } = make(
      () => {
        if (++runs < 3) throw new Error('boom');
        return Promise.resolve(undefined);
      },
      { concurrency: 1 },
    );
    queue.add('a');
    await clock.advance(1000);
    expect(errors).toHaveLength(2);
    expect(runs).toBe(3);
    queue.add('b');
    await clock.settle();
    expect(runs).toBe(4);
  });

  test('a key whose run fails does not hold up the others', async () => {
    const done: string[] = [];
    const { queue, clock } = make(async (key) => {
      if (key === 'bad') throw new Error('boom');
      done.push(key);
      return undefined;
    });
    for (const key of ['bad', 'a', 'b', 'c']) queue.add(key);
    await clock.settle();
    expect(done).toEqual(['a', 'b', 'c']);
    await queue.close();
  });

  test('a run that asks for it is run again after the time', async () => {
    const at: number[] = [];
    const { queue, clock } = make(async (): Promise<ReconcileResult> => {
      at.push(clock.elapsed());
      return { againAfterMs: 100 };
    });
    queue.add('a');
    await clock.advance(250);
    expect(at).toEqual([0, 100, 200]);
    await queue.close();
  });

  test('uses the earlier one of two times for a key', async () => {
    const at: number[] = [];
    const { queue, clock } = make(async () => void at.push(clock.elapsed()) as undefined);
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(1000);
    expect(at).toEqual([100]);
    expect(clock.pending).toBe(0);
  });

  test('aborts the current runs when it is closed, and waits for them; nothing runs afterwards', async () => {
    let told = false;
    let ended = false;
    const log: string[] = [];
    const { queue, clock } = make(
      async (key, signal) => {
        log.push(key);
        await clock.sleep(1000, signal).catch(() => undefined);
        told = signal.aborted;
        await clock.sleep(50);
        ended = true;
        return { againAfterMs: 1 };
      },
      { concurrency: 1 },
    );
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await clock.settle();
    const closing = queue.close();
    let closed = false;
    void closing.then(() => {
      closed = true;
    });
    await clock.settle();
    expect([told, closed]).toEqual([true, false]);
    await clock.advance(50);
    expect([ended, closed]).toEqual([true, true]);
    queue.add('d');
    queue.addAfter('e', 1);
    await clock.advance(1000);
    expect(log).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  test('does not log a run that fails because it was asked to stop', async () => {
    const { queue, clock, errors } = make((_key, signal) => clock.sleep(1000, signal) as Promise<undefined>);
    queue.add('a');
    await clock.settle();
    await queue.close();
    expect(errors).toEqual([]);
  });

  test('runs each added key after its last addition, whatever fails', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), pauseMs: fc.nat(30) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.nat(), async (steps, seed) => {
        const random = new SeededRandom(seed);
        const begun = new Map<string, number>();
        const added = new Map<string, number>();
        let tick = 0;
        const running = new Set<string>();
        const { queue, clock } = make(async (key) => {
          expect(running.has(key)).toBe(false);
          running.add(key);
          begun.set(key, ++tick);
          await clock.sleep(5);
          running.delete(key);
          if (random.next() < 0.3) throw new Error('boom');
          return undefined;
        });
        for (const { key, pauseMs } of steps) {
          added.set(key, ++tick);
          queue.add(key);
          await clock.advance(pauseMs);
        }
        await clock.advance(1000);
        for (const [key, at] of added) expect(begun.get(key)).toBeGreaterThan(at);
        await queue.close();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
