import type { Task } from '@gantry/core/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_UNPLACED, replicatedSlots } from '../src/service/modes/replicated/replicated-slots.ts';
import { type NodeFitness, slotsOf } from '../src/service/slots.ts';
import { service, T0, type TaskFields, task } from './support/objects.ts';

const web = service({ replicas: 2 });
const usable = (): NodeFitness => 'usable';

function choose(replicas: number, tasks: readonly Task[], fitness: (node: string) => NodeFitness = usable) {
  const slots = slotsOf(tasks, fitness);
  return replicatedSlots({ service: { spec: { ...web.spec, replicas } }, slots, fitness });
}

const one = (slot: string, more: TaskFields = {}): Task => task(web, { slot, ...more });

describe('scaling down', () => {
  test('removes a task that is not ready before any that is', () => {
    const tasks = [one('1', { status: { ready: false } }), one('2'), one('3')];
    const { wanted, removed } = choose(2, tasks);
    expect([...wanted]).toEqual(['2', '3']);
    expect([...removed]).toEqual([['1', 'scaled down: it was not ready']]);
  });

  test('removes a slot whose task crashed and waits for its restart before one that serves', () => {
    const tasks = [one('1', { status: { state: 'failed', finishedAt: T0 } }), one('2')];
    expect([...choose(1, tasks).wanted]).toEqual(['2']);
  });

  test('removes the youngest of tasks that are ready', () => {
    const tasks = [one('1', { createdAt: T0 + 2 }), one('2'), one('3', { createdAt: T0 + 1 })];
    const { wanted, removed } = choose(1, tasks);
    expect([...wanted]).toEqual(['2']);
    expect(removed.get('1')).toBe('scaled down: it was younger than the others');
  });

  test('removes tasks of drained, then of cordoned, then of crowded nodes among equals', () => {
    const nodes = ['a', 'a', 'a', 'b', 'c', 'd'];
    const tasks = nodes.map((node, index) => one(String(index + 1), { node }));
    const fitness = (node: string): NodeFitness =>
      node === 'd' ? 'draining' : node === 'c' ? 'cordoned' : 'usable';
    expect([...choose(5, tasks, fitness).removed]).toEqual([['6', 'scaled down: node d is drained']]);
    expect([...choose(4, tasks, fitness).removed.keys()].toSorted()).toEqual(['5', '6']);
    expect([...choose(3, tasks, fitness).wanted]).toEqual(['1', '2', '4']);
    expect([...choose(2, tasks, fitness).wanted]).toEqual(['1', '4']);
  });
});

describe('scaling up', () => {
  test('keeps the existing slots and adds the lowest free numbers', () => {
    expect([...choose(4, [one('2'), one('7')]).wanted]).toEqual(['2', '7', '1', '3']);
    expect([...choose(3, [one('1')]).wanted]).toEqual(['1', '2', '3']);
  });

  test('goes no further than a bounded number of tasks without a node, and on once they have one', () => {
    expect(choose(10_000_000, []).wanted.size).toBe(MAX_UNPLACED);
    expect(choose(10_000_000, [one('1')]).wanted.size).toBe(MAX_UNPLACED + 1);
    expect(choose(10_000_000, [one('1', { status: { state: 'pending' } })]).wanted.size).toBe(MAX_UNPLACED);
  });
});

test('the choice is a function of the tasks, not of their order, and of the right size', () => {
  const any = fc.record({
    node: fc.constantFrom('a', 'b', 'c'),
    ready: fc.boolean(),
    createdAt: fc.integer({ min: T0, max: T0 + 3 }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), fc.nat(12), (list, replicas) => {
      const tasks = list.map(({ node, ready, createdAt }, index) =>
        one(String(index + 1), { node, createdAt, status: { ready } }),
      );
      const { wanted } = choose(replicas, tasks);
      expect(wanted.size).toBe(replicas);
      expect(new Set(choose(replicas, tasks.toReversed()).wanted)).toEqual(wanted);
      // No slot that is ready goes while one that is not stays.
      const kept = tasks.filter(({ spec }) => wanted.has(spec.slot));
      const gone = tasks.filter(({ spec }) => !wanted.has(spec.slot));
      if (gone.some(({ status }) => status.ready)) {
        expect(kept.every(({ status }) => status.ready)).toBe(true);
      }
    }),
  );
});
