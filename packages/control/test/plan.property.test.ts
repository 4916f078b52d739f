import type { Service, ServiceInput, Task } from '@gantry/core/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEmpty, Model } from './support/model.ts';
import { changed, hashOf, service, T0, task } from './support/objects.ts';

const states = [
  'pending',
  'assigned',
  'starting',
  'running',
  'stopping',
  'complete',
  'shutdown',
  'failed',
  'orphaned',
] as const;

const policy = fc.record({
  parallelism: fc.nat(3),
  order: fc.constantFrom('start-first', 'stop-first'),
  delayMs: fc.constantFrom(0, 5),
  monitorMs: fc.constantFrom(10, 50),
  failureAction: fc.constantFrom('pause', 'continue'),
}) as fc.Arbitrary<NonNullable<ServiceInput['spec']['update']>>;

const anyTask = fc.record({
  slot: fc.constantFrom('1', '2', '3', '5'),
  attempt: fc.integer({ min: 1, max: 4 }),
  restarts: fc.nat(3),
  state: fc.constantFrom(...states),
  ready: fc.boolean(),
  desired: fc.constantFrom('running', 'shutdown'),
  node: fc.constantFrom('n1', 'n2', 'n3', 'gone'),
  current: fc.boolean(),
});

/** Any service with any tasks, however they came about. */
const situation = fc.record({
  replicas: fc.nat(4),
  update: policy,
  deleted: fc.boolean(),
  tasks: fc.uniqueArray(anyTask, { selector: ({ slot, attempt }) => `${slot}.${attempt}`, maxLength: 10 }),
  fitness: fc.tuple(...Array(3).fill(fc.constantFrom('usable', 'usable', 'draining', 'down'))),
});

function modelOf({
  replicas,
  update,
  deleted,
  tasks,
  fitness,
}: typeof situation extends fc.Arbitrary<infer T> ? T : never) {
  const before = service({ replicas, update, restart: { delayMs: 10 } });
  const now = changed({ ...before, status: { ...before.status, template: hashOf(before) } }, 'web:2');
  const model = new Model(deleted ? { ...now, meta: { ...now.meta, deletedAt: T0 } } : now);
  for (const [index, name] of ['n1', 'n2', 'n3'].entries()) model.fitness.set(name, fitness[index] as never);
  for (const { current, state, ready, ...spec } of tasks) {
    const status = { state, ready: ready && state === 'running', finishedAt: T0 };
    const each = task(current ? now : before, {
      ...spec,
      desired: spec.desired as Task['spec']['desired'],
      node: state === 'pending' ? undefined : spec.node,
      status,
    });
    model.tasks.set(each.meta.name, each);
  }
  return model;
}

describe('a plan', () => {
  test('is a function of its input: planning twice gives the same', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const model = modelOf(given);
        expect(model.plan()).toEqual(model.plan());
      }),
    );
  });

  test('changes nothing of its input', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const model = modelOf(given);
        const before = JSON.stringify([model.service, [...model.tasks]]);
        model.plan();
        expect(JSON.stringify([model.service, [...model.tasks]])).toBe(before);
      }),
    );
  });

  test('never does two things with one task, and never makes an attempt that was there', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const model = modelOf(given);
        const { shutdown, orphan, remove, create } = model.plan();
        const touched = [...shutdown.map(({ task }) => task), ...orphan, ...remove].map(
          ({ meta }) => meta.name,
        );
        expect(new Set(touched).size).toBe(touched.length);
        for (const { slot, attempt } of create) {
          for (const { spec } of model.tasks.values()) {
            if (spec.slot === slot) expect(attempt).toBeGreaterThan(spec.attempt);
          }
        }
        expect(new Set(create.map(({ slot }) => slot)).size).toBe(create.length);
      }),
    );
  });

  test('leads to the wanted state when carried out repeatedly, and then there is nothing to do', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const model = modelOf(given);
        model.fitness.set('n1', 'usable'); // somewhere to go
        const last = model.settle();
        expect(isEmpty(last)).toBe(true);
        const here = model.alive.filter(({ spec }) => model.fitness.get(spec.node as string) !== 'down');
        if (given.deleted) {
          expect(here).toEqual([]);
          return;
        }
        const paused = model.service.status.update?.state === 'paused';
        const ready = here.filter(({ status, spec }) => status.ready && spec.desired === 'running');
        expect(new Set(ready.map(({ spec }) => spec.slot)).size).toBe(given.replicas);
        expect(ready).toHaveLength(given.replicas);
        if (!paused) for (const { spec } of ready) expect(spec.template).toBe(hashOf(model.service));
      }),
    );
  });
});

describe('an update of a service that is well', () => {
  const size = fc.integer({ min: 1, max: 6 });

  /** A settled service that is then given another template. */
  function updated(replicas: number, update: ServiceInput['spec']['update']): Model {
    const model = new Model(service({ replicas, ...(update === undefined ? {} : { update }) }));
    model.settle();
    model.service = changed(model.service, 'web:2');
    return model;
  }

  function slotsOf(model: Model): Map<string, Task[]> {
    const slots = new Map<string, Task[]>();
    for (const each of model.alive) slots.set(each.spec.slot, [...(slots.get(each.spec.slot) ?? []), each]);
    return slots;
  }

  test('ends completed, with every task replaced', () => {
    fc.assert(
      fc.property(size, policy, (replicas, update) => {
        const model = updated(replicas, update);
        model.settle();
        expect(model.service.status.update?.state).toBe('completed');
        expect(model.service.status).toMatchObject({ desired: replicas, ready: replicas, updated: replicas });
      }),
    );
  });

  test('never has more slots in flux than its parallelism', () => {
    fc.assert(
      fc.property(size, policy, (replicas, update) => {
        const model = updated(replicas, update);
        const bound = update.parallelism === 0 ? replicas : (update.parallelism as number);
        model.watch = () => {
          let inFlux = 0;
          const slots = slotsOf(model);
          for (let slot = 1; slot <= replicas; slot++) {
            const live = (slots.get(String(slot)) ?? []).filter(({ spec }) => spec.desired === 'running');
            if (live.length !== 1 || !live[0]?.status.ready) inFlux += live.some(isDone) ? 0 : 1;
          }
          expect(inFlux).toBeLessThanOrEqual(bound);
        };
        const isDone = ({ spec, status }: Task): boolean =>
          status.ready && spec.template === hashOf(model.service);
        model.settle();
      }),
    );
  });

  test('start-first never stops a ready task before its replacement is ready', () => {
    fc.assert(
      fc.property(size, policy, (replicas, update) => {
        const model = updated(replicas, { ...update, order: 'start-first' });
        const to = hashOf(model.service);
        model.watch = ({ shutdown }) => {
          for (const { task: each } of shutdown) {
            if (!each.status.ready) continue;
            const others = slotsOf(model).get(each.spec.slot) ?? [];
            expect(others.some(({ spec, status }) => spec.template === to && status.ready)).toBe(true);
          }
          const serving = new Set(
            model.alive.filter(({ status }) => status.ready).map(({ spec }) => spec.slot),
          );
          expect(serving.size).toBe(replicas);
        };
        model.settle();
      }),
    );
  });

  test('never stops a ready task for a template that cannot be prepared, in either order', () => {
    fc.assert(
      fc.property(size, fc.nat(3), (replicas, parallelism) => {
        const model = updated(replicas, { parallelism, order: 'stop-first', progressDeadlineMs: 1000 });
        model.unpreparable.add(hashOf(model.service));
        model.watch = ({ shutdown }) => {
          expect(shutdown.filter(({ task: each }) => each.status.ready)).toEqual([]);
        };
        model.settle();
        expect(model.service.status.update?.state).toBe('paused');
        expect(model.alive.filter(({ status }) => status.ready)).toHaveLength(replicas);
      }),
    );
  });

  test('keeps every slot serving with start-first, even if the template fails', () => {
    fc.assert(
      fc.property(size, fc.nat(3), (replicas, parallelism) => {
        const model = updated(replicas, { parallelism, failureAction: 'pause' });
        const good: Service = model.service;
        model.bad.add(hashOf(good));
        model.settle();
        expect(model.service.status.update?.state).toBe('paused');
        expect(model.alive.filter(({ status }) => status.ready)).toHaveLength(replicas);
      }),
    );
  });
});
