import type { Service, Task } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { type NodeFitness, planService, type ServicePlan } from '../src/index.ts';
import { changed, hashOf, node, service, T0, task } from './support/objects.ts';

interface Given {
  seenSince?: number;
  readonly now?: number;
  readonly fitness?: Readonly<Record<string, NodeFitness>>;
  /** Whether a new task may start there. */
  readonly nodes?: Readonly<Record<string, boolean>>;
  readonly fitsWithout?: () => string | undefined;
}

function plan(
  of: Service,
  tasks: readonly Task[],
  { now = T0, seenSince, fitness = {}, nodes = {}, fitsWithout }: Given = {},
) {
  return planService({
    service: of,
    template: hashOf(of),
    tasks,
    fitness: (node) => fitness[node] ?? 'usable',
    nodes: Object.entries(nodes).map(([name, isOpen]) =>
      node(name, {}, { availability: isOpen ? 'active' : 'pause' }),
    ),
    now,
    seenSince,
    ...(fitsWithout === undefined ? {} : { fitsWithout }),
  });
}

/** A plan in a few words: `2.1@n1` gives a task its node, `+2.1` creates attempt 1 of slot 2, `-1.1` stops, `!1.1` writes off, `x1.1` removes. */
function words({ create, shutdown, place, orphan, remove }: ServicePlan): string[] {
  const name = ({ spec }: Task): string => `${spec.slot}.${spec.attempt}`;
  return [
    ...place.map((each) => `${name(each.task)}@${each.node}`),
    ...create.map(({ slot, attempt }) => `+${slot}.${attempt}`),
    ...shutdown.map((each) => `-${name(each.task)}`),
    ...orphan.map((each) => `!${name(each)}`),
    ...remove.map((each) => `x${name(each)}`),
  ];
}

/** A service whose first template was taken notice of. */
function observed(of: Service, tasks: readonly Task[] = []): Service {
  return { ...of, status: plan(of, tasks).status };
}

describe('a replicated service', () => {
  test('gets a task for each replica that has none', () => {
    expect(words(plan(service({ replicas: 3 }), []))).toEqual(['+1.1', '+2.1', '+3.1']);
    const web = service({ replicas: 2 });
    expect(words(plan(web, [task(web)]))).toEqual(['+2.1']);
  });

  test('needs nothing if each slot has a live task, in whatever state before running', () => {
    const web = service({ replicas: 5 });
    const states = ['pending', 'assigned', 'preparing', 'starting', 'running'] as const;
    const tasks = states.map((state, index) => task(web, { slot: String(index + 1), status: { state } }));
    expect(words(plan(web, tasks))).toEqual([]);
  });

  test('loses the highest slots when it is scaled down, and ended tasks in them are removed', () => {
    const web = service({ replicas: 1 });
    const tasks = [
      task(web),
      task(web, { slot: '2' }),
      task(web, { slot: '3', status: { state: 'failed' } }),
      task(web, { slot: '4', desired: 'shutdown', status: { state: 'stopping' } }),
    ];
    const result = plan(web, tasks);
    expect(words(result)).toEqual(['-2.1', 'x3.1']);
    expect(result.shutdown[0]?.why).toBe('scaled down: node n1 has 1 more of this service');
  });

  test('scaled to nothing it has no slots, and is available all the same', () => {
    const result = plan(service({ replicas: 0 }), []);
    expect(words(result)).toEqual([]);
    expect(result.status).toMatchObject({
      desired: 0,
      conditions: [{ type: 'Available', status: 'true' }, {}, {}],
    });
  });

  test('keeps the ready one of two live tasks in a slot', () => {
    const web = service();
    const both = [task(web), task(web, { attempt: 2, status: { ready: false } })];
    expect(words(plan(web, both))).toEqual(['-1.2']);
  });

  test('keeps the newer one of two ready tasks in a slot', () => {
    const web = service();
    expect(words(plan(web, [task(web), task(web, { attempt: 2 })]))).toEqual(['-1.1']);
  });

  test('its next attempt waits until the one that leaves has ended', () => {
    const web = service();
    const leaving = task(web, { desired: 'shutdown', status: { state: 'stopping' } });
    expect(words(plan(web, [leaving]))).toEqual([]);
    expect(words(plan(web, [task(web, { desired: 'shutdown', status: { state: 'shutdown' } })]))).toEqual([
      '+1.2',
    ]);
  });

  test('keeps the last two tasks of a slot that have ended', () => {
    const web = service();
    const ended = [1, 2, 3, 4].map((attempt) =>
      task(web, { attempt, status: { state: 'failed', finishedAt: T0 } }),
    );
    expect(words(plan(web, [...ended, task(web, { attempt: 5 })]))).toEqual(['x1.1', 'x1.2']);
  });

  test('the order in which tasks are given does not matter', () => {
    const web = service();
    const tasks = [1, 2, 3, 4].map((attempt) =>
      task(web, { attempt, status: { state: 'failed', finishedAt: T0 } }),
    );
    expect(words(plan(web, tasks.toReversed()))).toEqual(words(plan(web, tasks)));
  });
});

describe('a task that ended on its own', () => {
  const failed = (of: Service, more: object = {}, restarts = 0): Task =>
    task(of, {
      restarts,
      status: { state: 'failed', runningAt: T0 - 100, finishedAt: T0, exitCode: 1, ...more },
    });

  test('is restarted immediately the first time, and counted', () => {
    const web = service();
    expect(plan(web, [failed(web)]).create).toMatchObject([{ slot: '1', attempt: 2, restarts: 1 }]);
  });

  test.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [5, 16_000],
    [6, 30_000],
    [20, 30_000],
  ])('waits for its restart after %i consecutive ones exactly %i ms from its end', (restarts, waitMs) => {
    const web = service({ restart: { delayMs: 1000, maxDelayMs: 30_000 } });
    const tasks = [failed(web, {}, restarts)];
    const early = plan(web, tasks, { now: T0 + waitMs - 1 });
    expect(words(early)).toEqual([]);
    expect(early.againAfterMs).toBe(1);
    expect(plan(web, tasks, { now: T0 + waitMs }).create).toMatchObject([
      { slot: '1', attempt: 2, restarts: restarts + 1 },
    ]);
  });

  test('resets the count of restarts if it ran for the whole window', () => {
    const web = service({ restart: { windowMs: 5000 } });
    const tasks = [failed(web, { runningAt: T0 - 5000 }, 7)];
    expect(plan(web, tasks).create).toMatchObject([{ slot: '1', attempt: 2, restarts: 1 }]);
  });

  test('is given up after maxAttempts restarts in a row', () => {
    const web = service({ restart: { maxAttempts: 3, delayMs: 0 } });
    expect(words(plan(web, [failed(web, {}, 2)]))).toEqual(['+1.2']);
    const given = plan(web, [failed(web, {}, 3)]);
    expect(words(given)).toEqual([]);
    expect(given.againAfterMs).toBeUndefined();
  });

  test.each([
    ['any', 'complete', true],
    ['any', 'failed', true],
    ['on-failure', 'complete', false],
    ['on-failure', 'failed', true],
    ['on-failure', 'rejected', true],
    ['none', 'failed', false],
    ['none', 'complete', false],
  ] as const)('under the condition %s and in the state %s is followed: %s', (condition, state, follows) => {
    const web = service({ restart: { condition } });
    const ended = task(web, { status: { state, finishedAt: T0 } });
    expect(words(plan(web, [ended]))).toEqual(follows ? ['+1.2'] : []);
  });

  test('is followed regardless of the policy if it was asked to stop', () => {
    const web = service({ restart: { condition: 'none' } });
    const stopped = task(web, {
      desired: 'shutdown',
      restarts: 9,
      status: { state: 'shutdown', finishedAt: T0 },
    });
    expect(plan(web, [stopped]).create).toMatchObject([{ slot: '1', attempt: 2, restarts: 0 }]);
  });

  test('is followed immediately, with the count reset, if it was rejected and the service is changed', () => {
    const web = observed(service({ restart: { delayMs: 1000 } }));
    const ended = (state: 'rejected' | 'failed') =>
      task(web, { restarts: 7, status: { state, reason: 'EXHAUSTED', finishedAt: T0 } });
    expect(plan(web, [ended('rejected')])).toMatchObject({
      create: [],
      status: { progress: { state: 'failed', reason: 'EXHAUSTED' } },
    });
    const meta = { ...web.meta, generation: web.meta.generation + 1 };
    const scaled = { ...web, meta, spec: { ...web.spec, replicas: 2 } };
    const next = plan(scaled, [ended('rejected')]);
    expect(next.create).toMatchObject([{ slot: '1', attempt: 2, restarts: 0 }, { slot: '2' }]);
    expect(next.status.progress).toMatchObject({ state: 'progressing', reason: 'EXHAUSTED' });
    expect(plan(scaled, [ended('failed')]).create).toMatchObject([{ slot: '2' }]);
  });

  test('a running task has overcome earlier rejections, a starting one only those from before a change', () => {
    const web = observed(service());
    const rejected = task(web, { restarts: 7, status: { state: 'rejected', finishedAt: T0 + 1000 } });
    const next = (state: 'preparing' | 'running') =>
      task(web, { attempt: 2, restarts: 8, status: { state, ready: state === 'running', since: T0 + 9000 } });
    const state = (of: Service, state: 'preparing' | 'running') =>
      plan(of, [rejected, next(state)], { now: T0 + 9000 }).status.progress?.state;
    expect(state(web, 'preparing')).toBe('failed');
    expect(state(web, 'running')).toBe('progressing');
    const later = { ...web, meta: { ...web.meta, generation: web.meta.generation + 1 } };
    const { status } = plan(later, [rejected, next('preparing')], { now: T0 + 9000 });
    expect(status.progress?.state).toBe('progressing');
    expect(state({ ...later, status }, 'preparing')).toBe('progressing');
  });

  test('does not hold up the others: each slot waits for itself', () => {
    const web = service({ replicas: 2 });
    const tasks = [failed(web, {}, 5), task(web, { slot: '2', status: { state: 'failed', finishedAt: T0 } })];
    expect(words(plan(web, tasks))).toEqual(['+2.2']);
  });
});

describe('an update', () => {
  const before = service({ replicas: 4, update: { parallelism: 2, monitorMs: 1000 } });
  const slots = ['1', '2', '3', '4'];
  const old = slots.map((slot) => task(before, { slot }));
  const web = changed(observed(before, old), 'web:2');

  test('begins when the template changes, and the previous template becomes history', () => {
    const { status, target } = plan(web, old);
    expect(status.update).toMatchObject({
      state: 'updating',
      from: hashOf(before),
      to: hashOf(web),
      startedAt: T0,
    });
    expect(status.history).toEqual([{ template: hashOf(before), generation: 1, at: T0 }]);
    expect(target.template).toBe(hashOf(web));
    expect(status.observedGeneration).toBe(2);
  });

  test('start-first creates as many as parallelism allows and stops nothing that is ready', () => {
    expect(words(plan(web, old))).toEqual(['+1.2', '+2.2']);
  });

  test('start-first stops the first old task once a new one has stayed ready for monitorMs, and only then continues', () => {
    const begun = { ...web, status: plan(web, old).status };
    const fresh = (slot: string, ready: boolean): Task =>
      task(web, { slot, attempt: 2, status: { ready, runningAt: T0 } });
    expect(words(plan(begun, [...old, fresh('1', false), fresh('2', false)]))).toEqual([]);
    const tasks = [...old, fresh('1', true), fresh('2', false)];
    const { monitorMs } = web.spec.update;
    expect(words(plan(begun, tasks, { now: T0 + monitorMs - 1 }))).toEqual([]);
    expect(words(plan(begun, tasks, { now: T0 + monitorMs }))).toEqual(['+3.2', '-1.1']);
    const next = task(web, { slot: '3', attempt: 2, status: { since: T0 + monitorMs } });
    expect(words(plan(begun, [...tasks, next], { now: T0 + monitorMs }))).toEqual(['+4.2', '-1.1', '-3.1']);
  });

  test('a version that fails within monitorMs of becoming ready replaces nothing, not even while the update is paused', () => {
    const begun = { ...web, status: plan(web, old).status };
    const ended = task(web, {
      slot: '1',
      attempt: 2,
      status: { state: 'failed', ready: false, runningAt: T0, finishedAt: T0 + 100 },
    });
    const other = task(web, { slot: '2', attempt: 2, status: { runningAt: T0 } });
    const now = T0 + 101;
    const paused = plan(begun, [...old, ended, other], { now });
    expect(paused.status.update?.state).toBe('paused');
    expect(paused.shutdown).toEqual([]);
    const again = task(web, { slot: '1', attempt: 3, restarts: 1, status: { since: now, runningAt: now } });
    const held = { ...begun, status: paused.status };
    expect(plan(held, [...old, ended, again, other], { now }).shutdown).toEqual([]);
  });

  test('stop-first prepares as many as parallelism allows, then stops the old ones, then starts the new ones', () => {
    const first = {
      ...web,
      spec: { ...web.spec, update: { ...web.spec.update, order: 'stop-first' as const } },
    };
    const plan1 = plan(first, old);
    expect(words(plan1)).toEqual(['+1.2', '+2.2']);
    expect(plan1.create.map(({ desired }) => desired)).toEqual(['prepared', 'prepared']);
    const begun = { ...first, status: plan1.status };
    const fresh = (status: Partial<Task['status']>): Task[] =>
      ['1', '2'].map((slot) => task(first, { slot, attempt: 2, desired: 'prepared', status }));
    expect(words(plan(begun, [...old, ...fresh({ state: 'preparing', reason: 'PullingImage' })]))).toEqual(
      [],
    );
    const prepared = fresh({ state: 'preparing', reason: 'Prepared' });
    expect(words(plan(begun, [...old, ...prepared]))).toEqual(['-1.1', '-2.1']);
    const leaving = (state: 'stopping' | 'shutdown'): Task[] =>
      old.map((each) =>
        Number(each.spec.slot) > 2
          ? each
          : {
              ...each,
              spec: { ...each.spec, desired: 'shutdown' },
              status: { ...each.status, state, ready: false },
            },
      );
    expect(words(plan(begun, [...leaving('stopping'), ...prepared]))).toEqual([]);
    const over = plan(begun, [...leaving('shutdown'), ...prepared]);
    expect(words(over)).toEqual([]);
    expect(over.promote).toEqual(prepared);
  });

  test('stop-first prepares a new task that fits only in the place of its old one there, and stops nothing yet', () => {
    const first = {
      ...web,
      spec: { ...web.spec, update: { ...web.spec.update, order: 'stop-first' as const } },
    };
    const begun = { ...first, status: plan(first, old).status };
    const fresh = task(first, {
      slot: '1',
      attempt: 2,
      desired: 'prepared',
      status: { state: 'pending', reason: 'InsufficientCpu', message: 'no node fits' },
    });
    expect(words(plan(begun, [...old, fresh]))).toEqual(['+2.2']);
    expect(words(plan(begun, [...old, fresh], { fitsWithout: () => 'n1' }))).toEqual(['1.2@n1', '+2.2']);
  });

  test('start-first hands one slot over stop-first where there is no room for both, and says so', () => {
    const begun = { ...web, status: plan(web, old).status };
    const fresh = task(web, {
      slot: '1',
      attempt: 2,
      status: { state: 'pending', reason: 'MaxReplicasPerNode', message: 'no node fits' },
    });
    expect(words(plan(begun, [...old, fresh]))).toEqual(['+2.2']);
    const result = plan(begun, [...old, fresh], { fitsWithout: () => 'n1' });
    expect(words(result)).toEqual(['1.2@n1', '+2.2']);
    expect(result.place[0]?.why).toBe(
      'does not fit beside web.1.1: that one is stopped as soon as this one is prepared',
    );
    const there = (status: Partial<Task['status']>): Task =>
      task(web, { slot: '1', attempt: 2, desired: 'prepared', status: { state: 'preparing', ...status } });
    expect(words(plan(begun, [...old, there({ reason: 'PullingImage' })]))).toEqual(['+2.2']);
    expect(words(plan(begun, [...old, there({ reason: 'Prepared' })]))).toEqual(['+2.2', '-1.1']);
  });

  test.each([
    ['start-first', 'running'],
    ['stop-first', 'prepared'],
  ] as const)('a port of the host does not change the order: %s', (order, desired) => {
    const ports = [{ target: 80, published: 80, mode: 'host' as const }];
    const host = service({ template: { ports }, update: { order } });
    const next = changed(observed(host, [task(host)]), 'web:2');
    expect(plan(next, [task(host)]).create).toMatchObject([{ slot: '1', desired }]);
  });

  test('parallelism 0 means all slots together', () => {
    const all = { ...web, spec: { ...web.spec, update: { ...web.spec.update, parallelism: 0 } } };
    expect(words(plan(all, old))).toEqual(['+1.2', '+2.2', '+3.2', '+4.2']);
  });

  test('a delay rests after each slot', () => {
    const delayed = {
      ...web,
      spec: { ...web.spec, update: { ...web.spec.update, parallelism: 1, delayMs: 500, monitorMs: 100 } },
    };
    const begun = { ...delayed, status: plan(delayed, old).status };
    const done = task(web, { slot: '1', attempt: 2, status: { since: T0, runningAt: T0 } });
    const tasks = [...old.slice(1), done];
    const resting = plan(begun, tasks, { now: T0 + 499 });
    expect(words(resting)).toEqual([]);
    expect(resting.againAfterMs).toBe(1);
    expect(words(plan(begun, tasks, { now: T0 + 500 }))).toEqual(['+2.2']);
  });

  test('overtaken by the next one leaves one task of the past in each slot, the one that serves', () => {
    const begun = { ...web, status: plan(web, old).status };
    const second = ['1', '2'].map((slot) => task(web, { slot, attempt: 2, status: { ready: slot === '2' } }));
    const third = {
      ...begun,
      spec: { ...begun.spec, paused: true, template: changed(web, 'web:3').spec.template },
    };
    expect(words(plan(third, [...old, ...second]))).toEqual(['-1.2', '-2.1']);
  });

  test('a task that waits for no traffic is replaced immediately, not kept beside the new one', () => {
    const waiting = [task(before, { slot: '1', status: { state: 'pending' } }), ...old.slice(1)];
    expect(words(plan(web, waiting))).toEqual(['+1.2', '+2.2', '-1.1']);
  });

  test('is completed when each new task has been ready for the monitor time', () => {
    const begun = { ...web, status: plan(web, old).status };
    const fresh = slots.map((slot) => task(web, { slot, attempt: 2, status: { runningAt: T0 } }));
    const watched = plan(begun, fresh, { now: T0 + 999 });
    expect(watched.status.update?.state).toBe('updating');
    expect(watched.againAfterMs).toBe(1);
    const done = plan(begun, fresh, { now: T0 + 1000 });
    expect(done.status.update).toMatchObject({ state: 'completed', completedAt: T0 + 1000 });
    expect(done.status.conditions.find(({ type }) => type === 'Updated')?.status).toBe('true');
    expect(done.againAfterMs).toBeUndefined();
  });

  describe('whose new task fails', () => {
    const bad = task(web, {
      slot: '1',
      attempt: 2,
      status: { state: 'failed', runningAt: T0, finishedAt: T0 + 10 },
    });
    const failing = (policy: Partial<Service['spec']['update']>): ServicePlan => {
      const of = { ...web, spec: { ...web.spec, update: { ...web.spec.update, ...policy } } };
      return plan({ ...of, status: plan(of, old).status }, [...old, bad], { now: T0 + 20 });
    };

    test('is paused: nothing more is replaced, and the old tasks stay', () => {
      const paused = failing({ failureAction: 'pause' });
      expect(words(paused)).toEqual([]);
      expect(paused.status.update).toMatchObject({
        state: 'paused',
        message: expect.stringMatching(/^1 of 4 new tasks failed: web\..* failed$/),
      });
      expect(paused.status.conditions.find(({ type }) => type === 'Updated')).toMatchObject({
        status: 'false',
        reason: 'Paused',
      });
    });

    test('continues if the policy says so', () => {
      const on = failing({ failureAction: 'continue' });
      expect(on.status.update?.state).toBe('updating');
      expect(words(on).length).toBeGreaterThan(0);
    });

    test('goes back to the previous template', () => {
      expect(failing({ failureAction: 'rollback' }).rollbackTo).toBe(hashOf(before));
    });

    test('is tolerated up to the failure ratio', () => {
      expect(failing({ maxFailureRatio: 0.25 }).status.update?.state).toBe('updating');
      expect(failing({ maxFailureRatio: 0.24 }).status.update?.state).toBe('paused');
    });

    test('counts a task that was rejected, or ended before it was ready or soon after', () => {
      const begun = { ...web, status: plan(web, old).status };
      const states: readonly [Partial<Task['status']>, number, boolean][] = [
        [{ state: 'rejected', finishedAt: T0 }, 0, true],
        [{ state: 'failed', runningAt: T0, finishedAt: T0 + 1000 }, 1000, true],
        [{ state: 'failed', runningAt: T0, finishedAt: T0 + 2000 }, 2000, false],
        [{ state: 'failed', startedAt: T0, finishedAt: T0 + 60_000 }, 60_000, true],
        [{ state: 'complete', runningAt: T0, finishedAt: T0 + 10, exitCode: 0 }, 10, true],
        [{ state: 'complete', startedAt: T0, finishedAt: T0 + 10, exitCode: 0 }, 10, true],
        // What takes long to become ready is limited by the progress deadline alone.
        [{ state: 'starting', ready: false, startedAt: T0 }, 60_000, false],
        [{ state: 'running', ready: false, runningAt: T0 }, 60_000, false],
      ];
      for (const [status, afterMs, counts] of states) {
        const fresh = task(web, { slot: '1', attempt: 2, status });
        const { update } = plan(begun, [...old, fresh], { now: T0 + afterMs }).status;
        expect([status, update?.state]).toEqual([status, counts ? 'paused' : 'updating']);
      }
    });

    test('accepts a task that completes where the restart condition allows it', () => {
      const job = {
        ...web,
        spec: { ...web.spec, restart: { ...web.spec.restart, condition: 'none' as const } },
      };
      const begun = { ...job, status: plan(job, old).status };
      const done = ['1', '2', '3', '4'].map((slot) =>
        task(job, { slot, attempt: 2, status: { state: 'complete', finishedAt: T0, exitCode: 0 } }),
      );
      const { status } = plan(begun, done);
      expect(status).toMatchObject({
        update: { state: 'completed' },
        progress: { state: 'complete' },
        completed: 4,
      });
    });

    test('fails when nothing has become ready for the progress deadline, and names what it waited for', () => {
      const begun = { ...web, status: plan(web, old).status };
      const status = {
        state: 'running',
        ready: false,
        runningAt: T0,
        message: 'readiness check: /health answered 503',
      } as const;
      const fresh = task(web, { slot: '1', attempt: 2, status });
      const at = (afterMs: number) => plan(begun, [...old, fresh], { now: T0 + afterMs });
      expect(at(599_999).status.update?.state).toBe('updating');
      expect(at(599_500).againAfterMs).toBe(500);
      const late = at(600_000).status;
      expect(late.update).toMatchObject({
        state: 'paused',
        message: expect.stringContaining('no progress for 600 s: '),
      });
      expect(late.update?.message).toContain('web.1.2: readiness check: /health answered 503');
    });

    test('does not count the time without a leader', () => {
      const begun = { ...web, status: plan(web, old).status };
      const status = { state: 'running', ready: false, runningAt: T0 } as const;
      const fresh = task(web, { slot: '1', attempt: 2, status });
      const at = (now: number) => plan(begun, [...old, fresh], { now, seenSince: T0 + 5000 });
      expect(at(T0 + 604_999).status.update?.state).toBe('updating');
      expect(at(T0 + 605_000).status.update?.state).toBe('paused');
    });
  });

  test('a restart replaces every task of the same template, and is reported as an update', () => {
    const restarted: Service = { ...observed(before, old), spec: { ...before.spec, restartedAt: T0 } };
    const result = plan(restarted, old);
    expect(words(result)).toEqual(['+1.2', '+2.2']);
    expect(result.status.update).toMatchObject({ state: 'updating', message: 'restart started' });
    expect(result.status.history).toEqual([]);
  });

  test('history is newest first, without duplicates, and bounded', () => {
    let of = observed(service());
    for (let version = 2; version < 20; version++) of = observed(changed(of, `web:${version}`));
    of = observed(changed(of, 'web:15'));
    const templates = of.status.history.map(({ template }) => template);
    expect(templates).toHaveLength(10);
    expect(new Set(templates).size).toBe(10);
    expect(templates[0]).toBe(hashOf(changed(of, 'web:19')));
    expect(templates).not.toContain(hashOf(of));
  });
});

describe('a node', () => {
  const web = observed(service());

  test('hands its task over when drained: the new task starts first', () => {
    const tasks = [task(web)];
    const draining = { fitness: { n1: 'draining' as const } };
    expect(words(plan(web, tasks, draining))).toEqual(['+1.2']);
    const moved = task(web, { attempt: 2, node: 'n2' });
    expect(words(plan(web, [...tasks, moved], draining))).toEqual(['-1.1']);
    const coming = task(web, { attempt: 2, node: 'n2', status: { ready: false } });
    expect(words(plan(web, [...tasks, coming], draining))).toEqual([]);
  });

  test('is emptied when drained, even while an update is paused', () => {
    const paused: Service = {
      ...web,
      status: {
        ...web.status,
        update: { state: 'paused', from: 'x', to: hashOf(web), startedAt: T0, message: '' },
      },
    };
    expect(words(plan(paused, [task(web)], { fitness: { n1: 'draining' } }))).toEqual(['+1.2']);
  });

  test('has its task asked to stop and replaced immediately when it is down, in case it returns', () => {
    expect(words(plan(web, [task(web)], { fitness: { n1: 'down' } }))).toEqual(['+1.2', '-1.1']);
    const told = task(web, { desired: 'shutdown' });
    expect(
      words(plan(web, [told, task(web, { attempt: 2, node: 'n2' })], { fitness: { n1: 'down' } })),
    ).toEqual([]);
  });

  test('has its task written off and replaced when it is gone', () => {
    expect(words(plan(web, [task(web)], { fitness: { n1: 'gone' } }))).toEqual(['+1.2', '!1.1']);
  });

  test('restarts are not counted against a task that lost its node', () => {
    const tasks = [task(web, { restarts: 8 })];
    expect(plan(web, tasks, { fitness: { n1: 'down' } }).create[0]?.restarts).toBe(0);
  });
});

describe('a global service', () => {
  const web = observed(service({ mode: 'global' }));
  const on = (name: string, more: object = {}): Task => task(web, { slot: name, node: name, ...more });

  test('gets a task on each node it belongs on', () => {
    expect(words(plan(web, [], { nodes: { n1: true, n2: true } }))).toEqual(['+n1.1', '+n2.1']);
  });

  test('leaves a node it no longer belongs on', () => {
    expect(words(plan(web, [on('n1'), on('n2')], { nodes: { n1: true } }))).toEqual(['-n2.1']);
  });

  test('a node that is down keeps its task, and gets no new one', () => {
    const down = { nodes: { n1: false }, fitness: { n1: 'down' as const } };
    expect(words(plan(web, [on('n1')], down))).toEqual([]);
    expect(words(plan(web, [], down))).toEqual([]);
    expect(
      words(plan(web, [on('n1', { status: { state: 'failed', finishedAt: T0 } })], down)).join(),
    ).not.toContain('+');
  });

  test('a node that is paused keeps its task, and gets no new one', () => {
    expect(words(plan(web, [on('n1')], { nodes: { n1: false } }))).toEqual([]);
  });

  test('a node that is gone takes its task along', () => {
    expect(words(plan(web, [on('n1')], { nodes: {}, fitness: { n1: 'gone' } }))).toEqual(['!n1.1']);
  });

  test('wants as many as there are nodes', () => {
    expect(plan(web, [on('n1')], { nodes: { n1: true, n2: true } }).status).toMatchObject({
      desired: 2,
      ready: 1,
    });
  });
});

describe('a service that was deleted', () => {
  const web = service({ replicas: 2 }, { deletedAt: T0 });

  test('stops every task, and removes ended and lost ones', () => {
    const tasks = [
      task(web),
      task(web, { slot: '2', status: { state: 'failed' } }),
      task(web, { slot: '3', node: 'n2' }),
    ];
    const result = plan(web, tasks, { fitness: { n2: 'down' } });
    expect(words(result)).toEqual(['-1.1', 'x2.1', 'x3.1']);
    expect(result.gone).toBe(false);
  });

  test('may go once it has no tasks', () => {
    expect(plan(web, [])).toMatchObject({ gone: true, create: [] });
    expect(plan(web, [task(web, { desired: 'shutdown', status: { state: 'stopping' } })]).gone).toBe(false);
  });
});

describe('the status of a service', () => {
  test('counts slots, not tasks', () => {
    const web = service({ replicas: 2 });
    const tasks = [
      task(web),
      task(web, { attempt: 2, status: { ready: false } }),
      task(web, { slot: '2', status: { ready: false } }),
    ];
    expect(plan(web, tasks).status).toMatchObject({ desired: 2, running: 2, ready: 1, updated: 1 });
  });

  test('is the very same object when nothing has changed', () => {
    const tasks = [task(service())];
    const web = observed(service(), tasks);
    expect(plan(web, tasks, { now: T0 + 4999 }).status).toBe(web.status);
  });

  test('says why a task has no node', () => {
    const web = service();
    const waiting = task(web, {
      status: { state: 'pending', reason: 'InsufficientCpu', message: 'no node fits' },
    });
    expect(plan(web, [waiting]).status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Scheduled', status: 'false', reason: 'InsufficientCpu' }),
    );
  });
});
