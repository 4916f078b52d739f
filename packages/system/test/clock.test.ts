import { isGantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../src/clock.ts';

describe('the system clock', () => {
  const clock = new SystemClock();

  test('now is the wall time', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });

  test('elapsed grows by the duration of a sleep', async () => {
    const start = clock.elapsed();
    await clock.sleep(20);
    const took = clock.elapsed() - start;
    expect(took).toBeGreaterThanOrEqual(18);
  });

  test('a sleep of 0 lets other pending work have its turn', async () => {
    const steps: string[] = [];
    const sleeping = clock.sleep(0).then(() => steps.push('slept'));
    queueMicrotask(() => steps.push('microtask'));
    process.nextTick(() => steps.push('tick'));
    await sleeping;
    expect(steps.at(-1)).toBe('slept');
    expect(steps).toHaveLength(3);
  });

  test('a signal ends a sleep as ABORTED, immediately even if it has fired before', async () => {
    const abort = new AbortController();
    const sleep = clock.sleep(60_000, abort.signal).catch((error: unknown) => error);
    abort.abort('enough');
    expect(isGantryError(await sleep, 'ABORTED')).toBe(true);
    const again = await clock.sleep(0, abort.signal).catch((error: unknown) => error);
    expect(isGantryError(again, 'ABORTED')).toBe(true);
  });

  test('a cancelled callback never comes, another comes once', async () => {
    let count = 0;
    for (const ms of [0, 1]) clock.after(ms, () => count++)();
    clock.after(0, () => count++);
    clock.after(2, () => count++);
    await clock.sleep(20);
    expect(count).toBe(2);
  });
});
