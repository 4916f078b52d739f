import type { Service, Task } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { MAX_UNPLACED } from '../src/service/modes/replicated/replicated-slots.ts';
import { nodeFitness } from '../src/service/node-fitness.ts';
import { outcomeOf } from '../src/service/outcome.ts';
import { planService } from '../src/service/plan.ts';
import { changed, hashOf, node, service, T0, task } from './support/objects.ts';

const NODES = [node('n1'), node('n2'), node('paused', {}, { availability: 'pause' })];

function outcome(of: Service, tasks: readonly Task[] = [], nodes = NODES) {
  const known = new Map(nodes.map((each) => [each.meta.name, { value: each }]));
  const fitness = nodeFitness(of, { get: (name) => known.get(name) as never });
  const input = { service: of, template: hashOf(of), tasks, fitness, nodes };
  const { slots, ...counts } = outcomeOf(input);
  return { ...counts, slots: slots.slice(0, 10), create: planService({ ...input, now: T0 }).create.length };
}

describe('the outcome of a service', () => {
  const web = service({ replicas: 2 });

  test('nothing for one that is as it should be', () => {
    const tasks = [task(web, { slot: '1' }), task(web, { slot: '2' })];
    expect(outcome(web, tasks)).toEqual({ keep: 2, replace: 0, stop: 0, slots: [], beyond: 0, create: 0 });
  });

  test('a new template replaces, a smaller count stops, a larger one adds', () => {
    const tasks = [task(web, { slot: '1' }), task(web, { slot: '2' })];
    expect(outcome(changed(web, 'web:2'), tasks)).toMatchObject({ keep: 0, replace: 2, slots: ['1', '2'] });
    const one = { ...web, spec: { ...web.spec, replicas: 1 } };
    expect(outcome(one, tasks)).toMatchObject({ keep: 1, stop: 1, slots: [] });
    const three = { ...web, spec: { ...web.spec, replicas: 3 } };
    expect(outcome(three, tasks)).toMatchObject({ keep: 2, stop: 0, slots: ['3'], create: 1 });
  });

  test('a task on a drained node is replaced', () => {
    const drained = [node('n1', {}, { availability: 'drain' }), node('n2')];
    const tasks = [task(web, { slot: '1', node: 'n1' }), task(web, { slot: '2', node: 'n2' })];
    expect(outcome(web, tasks, drained)).toMatchObject({ keep: 1, replace: 1, slots: ['1'] });
  });

  test('a task that has completed and is not restarted is not made again', () => {
    const job = service({ replicas: 1, restart: { condition: 'on-failure' } });
    const done = task(job, { status: { state: 'complete', ready: false, finishedAt: T0 } });
    expect(outcome(job, [done])).toMatchObject({ keep: 0, slots: [], create: 0 });
    expect(outcome(changed(job, 'job:2'), [done])).toMatchObject({ slots: ['1'], create: 1 });
  });

  test('a global service gets no task on a paused node, and keeps an existing one', () => {
    const agent = service({ mode: 'global' });
    expect(outcome(agent)).toMatchObject({ slots: ['n1', 'n2'], create: 2 });
    const there = task(agent, { slot: 'paused', node: 'paused' });
    expect(outcome(changed(agent, 'agent:2'), [there])).toMatchObject({
      keep: 1,
      replace: 0,
      stop: 0,
      slots: ['n1', 'n2'],
    });
  });

  test('more replicas than any cluster has room for are counted, not listed', () => {
    const { beyond, create, ...rest } = outcome(service({ replicas: 10_000_000 }));
    expect(rest).toMatchObject({ keep: 0, slots: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'] });
    expect(create).toBe(MAX_UNPLACED);
    expect(beyond).toBe(10_000_000 - MAX_UNPLACED);
  });
});
