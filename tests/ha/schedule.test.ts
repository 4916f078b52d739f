import { describe, expect, test } from 'vitest';
import { describeSchedule, drawSchedule, PARTITIONS } from './support/schedule.ts';

const before = { version: 'v1', replicas: 4 };
const many = Array.from({ length: 500 }, (_, seed) => drawSchedule(seed, 60_000, before));
const cuts = many.flatMap((each) => each.cuts);

describe('a schedule of partitions', () => {
  test('is a function of its seed', () => {
    expect(drawSchedule(7, 60_000, before)).toEqual(drawSchedule(7, 60_000, before));
    expect(drawSchedule(7, 60_000, before)).not.toEqual(drawSchedule(8, 60_000, before));
  });

  test('takes place in the time it is given, and one in a while takes nearly all of it', () => {
    const longest = cuts.map(({ forMs }) => forMs);
    expect(Math.min(...longest)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...longest)).toBeLessThanOrEqual(60_000);
    expect(Math.max(...longest)).toBeGreaterThan(50_000);
    expect(longest.filter((ms) => ms < 5000).length).toBeGreaterThan(cuts.length / 3);
  });

  test('knows every kind of partition, of every part, alone and together', () => {
    expect(new Set(cuts.map(({ what }) => what))).toEqual(new Set(PARTITIONS));
    expect(new Set(cuts.map(({ index }) => index))).toEqual(new Set([0, 1, 2]));
    expect(new Set(cuts.map(({ how }) => how))).toEqual(new Set(['cut', 'loseAnswers']));
    expect(new Set(many.map((each) => each.cuts.length))).toEqual(new Set([1, 2, 3]));
    for (const { cuts } of many)
      for (const { afterMs } of cuts) expect(afterMs).toBeLessThanOrEqual(cuts[0]?.forMs as number);
  });

  test('has the user do something else each time, in the order of time', () => {
    expect(new Set(many.map(({ acts }) => acts.length))).toEqual(new Set([0, 1, 2]));
    for (const { acts } of many) {
      expect(acts.map(({ afterMs }) => afterMs)).toEqual(
        acts.map(({ afterMs }) => afterMs).toSorted((a, b) => a - b),
      );
      let last = before;
      for (const { wanted } of acts) {
        expect(wanted).not.toEqual(last);
        expect(wanted.replicas).toBeGreaterThan(1);
        expect(wanted.replicas).toBeLessThanOrEqual(6);
        last = wanted;
      }
    }
  });

  test('is printed with its seed', () => {
    const schedule = drawSchedule(42, 8000, before);
    const text = describeSchedule(schedule);
    expect(text).toMatch(/^seed 42\n/);
    expect(text.split('\n')).toHaveLength(1 + schedule.cuts.length + schedule.acts.length);
  });
});
