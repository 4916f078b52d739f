import type { Service, Task } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { planService } from '../src/index.ts';
import { changed, hashOf, service, T0, task } from './support/objects.ts';

interface Given {
  readonly now?: number;
  readonly waitsFor?: { readonly message: string; readonly never: boolean };
}

function statusOf(of: Service, tasks: readonly Task[], { now = T0, waitsFor }: Given = {}) {
  return planService({
    service: of,
    template: hashOf(of),
    tasks,
    fitness: () => 'usable',
    nodes: [],
    waitsFor,
    now,
  }).status;
}

/** A service whose status was computed at `now`. */
function at(of: Service, tasks: readonly Task[], given: Given = {}): Service {
  return { ...of, status: statusOf(of, tasks, given) };
}

describe('the progress of a service', () => {
  test('is stable only once its tasks have stayed ready for monitorMs', () => {
    const web = service({ replicas: 1, update: { monitorMs: 3000 } });
    const tasks = [task(web)];
    const first = at(web, tasks);
    expect(first.status.progress).toMatchObject({
      state: 'progressing',
      reason: 'Monitoring',
      message: '1 of 1 task is ready; checking that they stay ready',
    });
    expect(statusOf(first, tasks, { now: T0 + 2999 }).progress).toBe(first.status.progress);
    expect(statusOf(first, tasks, { now: T0 + 3000 }).progress).toMatchObject({
      state: 'stable',
      since: T0 + 3000,
    });
  });

  test('waits for a published port until a load balancer serves it, and repeats its report', () => {
    const web = service({ template: { ports: [{ target: 80, published: 8080 }] } });
    const tasks = [task(web)];
    const now = T0 + 60_000;
    expect(statusOf(web, tasks, { now }).progress).toMatchObject({
      state: 'progressing',
      reason: 'PortNotServed',
      message: '1 of 1 task is ready; no load balancer serves port 8080/tcp yet',
    });
    const published = {
      type: 'Published',
      status: 'false',
      reason: 'PortUnavailable',
      message: 'port 8080: in use',
      since: T0,
    } as const;
    const taken = { ...web, status: { ...web.status, conditions: [published] } };
    expect(statusOf(taken, tasks, { now }).progress).toMatchObject({
      reason: 'PortUnavailable',
      message: '1 of 1 task is ready; port 8080: in use',
    });
    const ports = [{ target: 80, protocol: 'tcp', port: 8080 }] as const;
    const served = { ...web, status: { ...web.status, published: ports } };
    expect(statusOf(served, tasks, { now }).progress?.state).toBe('stable');
  });

  test('names the task that is not ready, its reason and its message', () => {
    const web = service({ replicas: 2 });
    const message = 'image "nginx:nope" not found on docker.io';
    const waiting = task(web, {
      slot: '2',
      status: { state: 'preparing', reason: 'ImagePullFailed', message },
    });
    expect(statusOf(web, [task(web), waiting]).progress).toMatchObject({
      state: 'progressing',
      reason: 'ImagePullFailed',
      message: `1 of 2 tasks are ready; web.2.1: ${message}`,
      task: 'web.2.1',
    });
  });

  test('is failed in a crash loop, from the fourth failure in a row on, and degraded', () => {
    const web = service({ restart: { delayMs: 1000 } });
    const failed = (restarts: number): Task =>
      task(web, {
        attempt: restarts + 1,
        restarts,
        status: { state: 'failed', reason: 'Exited', message: 'exit code 3', finishedAt: T0, exitCode: 3 },
      });
    expect(statusOf(web, [failed(2)]).progress).toMatchObject({ state: 'progressing', reason: 'Exited' });
    const looping = statusOf(web, [failed(3)]);
    expect(looping.progress).toMatchObject({
      state: 'failed',
      reason: 'CrashLoop',
      message: 'web.1.4: failed 4 times in a row: exit code 3',
      task: 'web.1.4',
    });
    expect(looping.conditions).toContainEqual(
      expect.objectContaining({ type: 'Degraded', status: 'true', reason: 'CrashLoop' }),
    );
    const next = task(web, { attempt: 5, restarts: 4, status: { state: 'starting' } });
    expect(statusOf(web, [failed(3), next]).progress).toMatchObject({ state: 'failed', reason: 'CrashLoop' });
    const well = task(web, { attempt: 5, restarts: 4 });
    expect(statusOf(web, [failed(3), well], { now: T0 + 5000 }).progress?.state).toBe('stable');
  });

  test.each([
    ['none', { condition: 'none' }, 'exit code 1; not restarted: its restart condition is none'],
    ['its attempts used up', { maxAttempts: 1 }, 'exit code 1; not restarted: it was restarted once'],
  ] as const)('is failed when a task has failed and is not restarted: %s', (_, restart, message) => {
    const web = service({ restart });
    const failed = task(web, {
      restarts: 1,
      status: { state: 'failed', message: 'exit code 1', finishedAt: T0 },
    });
    expect(statusOf(web, [failed]).progress).toMatchObject({
      state: 'failed',
      reason: 'GaveUp',
      message: `web.1.1: ${message}`,
    });
  });

  test('is complete when every task has exited with 0 and none is restarted', () => {
    const job = service({ replicas: 2, restart: { condition: 'on-failure' } });
    const done = (slot: string): Task =>
      task(job, { slot, status: { state: 'complete', finishedAt: T0, exitCode: 0 } });
    expect(statusOf(job, [done('1'), done('2')])).toMatchObject({
      completed: 2,
      progress: { state: 'complete', message: '2 of 2 tasks have completed' },
    });
    expect(statusOf(job, [done('1'), task(job, { slot: '2' })], { now: T0 + 5000 }).progress?.state).toBe(
      'stable',
    );
  });

  test('is failed after the progress deadline, counted from the last task that became ready', () => {
    const web = service({ replicas: 2, update: { progressDeadlineMs: 60_000 } });
    const stuck = [1, 2].map((slot) => task(web, { slot: `${slot}`, status: { state: 'starting' } }));
    const begun = at(web, stuck);
    expect(statusOf(begun, stuck, { now: T0 + 59_999 }).progress?.state).toBe('progressing');
    expect(statusOf(begun, stuck, { now: T0 + 60_000 }).progress).toMatchObject({
      state: 'failed',
      reason: 'ProgressDeadlineExceeded',
      message: 'no progress for 60 s: 0 of 2 tasks are ready; web.1.1: starting',
    });
    const half = [task(web, { slot: '1' }), stuck[1] as Task];
    const later = at(begun, half, { now: T0 + 30_000 });
    expect(statusOf(later, half, { now: T0 + 89_999 }).progress?.state).toBe('progressing');
    expect(statusOf(later, half, { now: T0 + 90_000 }).progress?.state).toBe('failed');
    // A task that flaps makes no progress.
    const flapped = at(later, stuck, { now: T0 + 50_000 });
    const again = at(flapped, half, { now: T0 + 70_000 });
    expect(statusOf(again, half, { now: T0 + 90_000 }).progress?.state).toBe('failed');
  });

  test('begins again with a change, and when a stable service loses a task', () => {
    const web = service({ update: { progressDeadlineMs: 60_000 } });
    const well = at(web, [task(web)], { now: T0 + 5000 });
    const lost = at(well, [task(web, { status: { state: 'running', ready: false } })], { now: T0 + 900_000 });
    expect(lost.status.progress).toMatchObject({ state: 'progressing', best: 0, bestAt: T0 + 900_000 });
    const next = changed(well, 'web:2');
    expect(statusOf(next, [task(web)], { now: T0 + 900_000 }).progress).toMatchObject({
      bestAt: T0 + 900_000,
    });
  });

  test('names what it waits for, and is failed when that cannot come true', () => {
    const web = service();
    const waits = { message: 'service db is not healthy yet', never: false };
    const waiting = at(web, [], { waitsFor: waits });
    expect(waiting.status.progress).toMatchObject({ state: 'progressing', reason: 'WaitsForDependency' });
    expect(statusOf(waiting, [], { waitsFor: waits, now: T0 + 3_600_000 }).progress?.state).toBe(
      'progressing',
    );
    const never = { message: 'service db cannot become healthy: it has 0 replicas', never: true };
    expect(statusOf(web, [], { waitsFor: never }).progress).toMatchObject({
      state: 'failed',
      reason: 'DependencyFailed',
      message: never.message,
    });
  });
});
