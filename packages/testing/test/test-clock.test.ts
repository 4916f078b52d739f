import { isGantryError } from '@gantry/core';
import { SeededRandom, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';

describe('the test clock', () => {
  test('time stands still until it is moved', async () => {
    const clock = new TestClock(1000);
    await clock.settle();
    expect([clock.now(), clock.elapsed()]).toEqual([1000, 0]);
    await clock.advance(5);
    expect([clock.now(), clock.elapsed()]).toEqual([1005, 5]);
  });

  test('sleepers wake in the order of their deadlines, then of their arrival', async () => {
    const clock = new TestClock(0);
    const woken: string[] = [];
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['b2', 20],
    ] as const) {
      void clock.sleep(ms).then(() => woken.push(`${name}@${clock.now()}`));
    }
    await clock.advance(20);
    expect(woken).toEqual(['a@10', 'b@20', 'b2@20']);
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(woken.at(-1)).toBe('c@30');
    expect(clock.pending).toBe(0);
  });

  test('a sleeper that sleeps again during an advance is woken again during it', async () => {
    const clock = new TestClock(0);
    const times: number[] = [];
    void (async () => {
      for (;;) {
        await clock.sleep(10);
        times.push(clock.now());
      }
    })();
    await clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
  });

  test('cancelled and aborted sleepers do not wake and are not pending', async () => {
    const clock = new TestClock();
    let woken = 0;
    const cancel = clock.after(10, () => woken++);
    cancel();
    cancel();
    const abort = new AbortController();
    const sleep = clock.sleep(10, abort.signal).catch((error: unknown) => error);
    abort.abort();
    expect(isGantryError(await sleep, 'ABORTED')).toBe(true);
    expect(clock.pending).toBe(0);
    await clock.advance(20);
    expect(woken).toBe(0);
  });

  test('advanceUntil stops where the check holds, or at the deadline', async () => {
    const clock = new TestClock(0);
    let done = false;
    clock.after(50, () => {
      done = true;
    });
    expect(await clock.advanceUntil(() => done, 1000)).toBe(true);
    expect(clock.now()).toBe(50);
    expect(await clock.advanceUntil(() => false, 100)).toBe(false);
    expect(clock.now()).toBe(150);
  });
});

test('a seeded random repeats itself for one seed and differs for another', () => {
  const draw = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 100 }, () => random.next());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true);
});
