import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFinal, mayMove, TASK_STATES, type TaskState } from '../src/model/task-state.ts';

const FINAL: readonly TaskState[] = ['complete', 'shutdown', 'failed', 'rejected', 'orphaned'];
const anyState = fc.constantFrom(...TASK_STATES);

describe('task states', () => {
  test('exactly five states are final', () => {
    expect(TASK_STATES.filter(isFinal)).toEqual(FINAL);
  });

  test('a task moves forward only: no two states can follow each other both ways', () => {
    for (const a of TASK_STATES) {
      for (const b of TASK_STATES) expect(mayMove(a, b) && mayMove(b, a)).toBe(false);
    }
  });

  test('no state follows itself', () => {
    for (const state of TASK_STATES) expect(mayMove(state, state)).toBe(false);
  });

  test('a final state is never left, not even for another final one', () => {
    for (const from of FINAL) for (const to of TASK_STATES) expect(mayMove(from, to)).toBe(false);
  });

  test('every state that is not final can be left for every later one, final ones included', () => {
    TASK_STATES.forEach((from, index) => {
      if (isFinal(from)) return;
      expect(TASK_STATES.filter((to) => mayMove(from, to))).toEqual(TASK_STATES.slice(index + 1));
    });
  });

  test('every chain of moves ends, in at most seven states, and one that cannot go on is final', () => {
    fc.assert(
      fc.property(fc.array(anyState, { maxLength: 50 }), (wishes) => {
        const chain: TaskState[] = ['pending'];
        for (const wish of wishes) if (mayMove(chain.at(-1) as TaskState, wish)) chain.push(wish);
        expect(chain.length).toBeLessThanOrEqual(7);
        expect(new Set(chain).size).toBe(chain.length);
        const last = chain.at(-1) as TaskState;
        expect(TASK_STATES.some((next) => mayMove(last, next))).toBe(!isFinal(last));
      }),
    );
  });

  test('the furthest state wins, in whatever order reports arrive', () => {
    const open = TASK_STATES.filter((state) => !isFinal(state));
    fc.assert(
      fc.property(fc.shuffledSubarray([...open], { minLength: 1 }), (reports) => {
        let state: TaskState = 'pending';
        for (const report of reports) if (mayMove(state, report)) state = report;
        const furthest = Math.max(...reports.map((report) => TASK_STATES.indexOf(report)));
        expect(state).toBe(TASK_STATES[furthest]);
      }),
    );
  });
});
