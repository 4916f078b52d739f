import { GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { RunnerBed } from './support/runner-bed.ts';

const portTaken = async (): Promise<never> => {
  throw new GantryError('CONFLICT', 'network-x: port 80/tcp is taken', { details: { reason: 'PortTaken' } });
};
const unavailable = async (): Promise<never> => {
  throw new GantryError('UNAVAILABLE', 'the engine does not answer');
};

describe('a task that is to be prepared', () => {
  test('is rejected with the reason of its network if its host port is taken, and prepares nothing', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    bed.staged.check = portTaken;
    bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'rejected', reason: 'PortTaken' });
    expect(bed.calls).not.toContain('prepare');
    expect(bed.calls).not.toContain('attach');
  });

  test('is checked before its image is fetched, and starts only when its turn has come', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    bed.runner.start();
    await bed.clock.advance(60_000);
    expect(bed.calls).toEqual(['check', 'prepare']);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'Prepared' });
    bed.runner.update({ ...bed.assignment, desired: 'running' });
    await bed.clock.advance(0);
    expect(bed.calls).toEqual(['check', 'prepare', 'attach', 'ensure']);
    expect(bed.status).toMatchObject({ state: 'running', ready: true });
  });

  test('is checked again while the network does not answer', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    bed.staged.check = unavailable;
    bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'NetworkUnavailable' });
    delete bed.staged.check;
    await bed.clock.advance(200);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'Prepared' });
  });
});

describe('a task that is to run', () => {
  const started = async (...args: ConstructorParameters<typeof RunnerBed>): Promise<RunnerBed> => {
    const bed = new RunnerBed(...args);
    bed.runner.start();
    await bed.clock.advance(0);
    return bed;
  };

  test('is attached, then started, and reports when it runs', async () => {
    const bed = await started();
    expect(bed.calls).toEqual(['attach', 'ensure']);
    expect(bed.status).toMatchObject({ state: 'running', ready: true, runtimeId: 'c1', startedAt: 1 });
    expect(bed.status.runningAt).toBe(bed.clock.now());
  });

  test('is rejected without a call if the node cannot honour its template', async () => {
    const bed = new RunnerBed();
    bed.refusal = 'init: no init process';
    bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.calls).toEqual([]);
    expect(bed.status).toMatchObject({ state: 'rejected', reason: 'Unsupported' });
  });

  test('is started again with backoff while the engine does not answer, and says so', async () => {
    const bed = new RunnerBed();
    bed.staged.ensure = unavailable;
    bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({
      state: 'preparing',
      reason: 'RuntimeUnavailable',
      retryAt: bed.clock.now() + 200,
    });
    await bed.clock.advance(30_000);
    const attempts = bed.calls.filter((call) => call === 'ensure').length;
    expect(attempts).toBeGreaterThan(6);
    expect(attempts).toBeLessThan(11);
    delete bed.staged.ensure;
    await bed.clock.advance(10_000);
    expect(bed.status).toMatchObject({ state: 'running', reason: undefined, retryAt: undefined });
  });

  test('leaves nothing behind when its start is rejected', async () => {
    const bed = new RunnerBed();
    bed.staged.ensure = portTaken;
    bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.calls).toEqual(['attach', 'ensure', 'remove', 'detach']);
    expect(bed.status).toMatchObject({ state: 'rejected', reason: 'PortTaken' });
  });

  test('reports how it exited, with its last line of output, after its network was released', async () => {
    const bed = await started();
    bed.output = ['starting', 'no database'];
    bed.runner.onRuntime({ task: 'web.1.a', id: 'c1', state: 'exited', exitCode: 3 });
    await bed.clock.advance(0);
    expect(bed.calls.slice(2)).toEqual(['detach']);
    expect(bed.status).toMatchObject({
      state: 'failed',
      reason: 'Exited',
      exitCode: 3,
      message: 'exit code 3; last output: "no database"',
    });
  });

  test('is stopped once for any number of requests, and its stop is retried until it succeeds', async () => {
    const bed = await started();
    bed.staged.stop = unavailable;
    for (let count = 0; count < 3; count++) bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
    await bed.clock.advance(0);
    expect(bed.calls.slice(2)).toEqual(['stop']);
    expect(bed.status).toMatchObject({ state: 'stopping', reason: 'StopFailed' });
    delete bed.staged.stop;
    await bed.clock.advance(200);
    expect(bed.calls.slice(2)).toEqual(['stop', 'stop', 'detach']);
    expect(bed.status).toMatchObject({ state: 'shutdown', reason: 'Stopped' });
  });

  test('waits before its stop until it is drained, at most for its drain time', async () => {
    const ports = [{ target: 80, protocol: 'tcp', mode: 'ingress', published: 80 }] as const;
    for (const drained of [true, false]) {
      const bed = await started({}, { ports, drainMs: 5000 });
      bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
      await bed.clock.advance(4999);
      expect(bed.calls).not.toContain('stop');
      if (drained) bed.runner.update({ ...bed.assignment, desired: 'shutdown', drained });
      await bed.clock.advance(drained ? 0 : 1);
      expect(bed.calls).toContain('stop');
    }
  });

  test('is stopped once its start has returned, even if giving up the start throws at once', async () => {
    const bed = new RunnerBed();
    let release = (): void => {};
    bed.staged.ensure = () =>
      new Promise((resolve) => {
        release = () => resolve(undefined);
      });
    bed.throwsAtOnce = 'stop';
    bed.runner.start();
    await bed.clock.advance(0);
    bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
    bed.throwsAtOnce = undefined;
    release();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'shutdown', reason: 'Stopped' });
  });

  test('is stopped when it has started if it was told to stop during its start', async () => {
    const bed = new RunnerBed();
    let release = (): void => {};
    bed.staged.ensure = () =>
      new Promise((resolve) => {
        release = () => resolve(undefined);
      });
    bed.runner.start();
    await bed.clock.advance(0);
    bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
    await bed.clock.advance(0);
    expect(bed.calls).toEqual(['attach', 'ensure', 'stop']); // which gives up the start
    release();
    await bed.clock.advance(0);
    expect(bed.calls.slice(3)).toEqual(['stop', 'detach']);
    expect(bed.status.state).toBe('shutdown');
  });

  test('reports that it was killed after its grace', async () => {
    const bed = await started();
    bed.staged.stop = async () => {
      const exit = { exitCode: 137, signal: 'SIGKILL' };
      bed.runner.onRuntime({ task: 'web.1.a', id: 'c1', state: 'exited', ...exit });
    };
    bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'shutdown', exitCode: 137, signal: 'SIGKILL' });
    expect(bed.events).toMatchObject([{ type: 'warning', reason: 'Killed' }]);
  });

  test('keeps running when it is adopted, also if its startup check would take long', async () => {
    const status = { state: 'running', since: 0, ready: true } as const;
    const bed = await started({ status });
    expect(bed.status).toMatchObject({ state: 'running', ready: true });
    expect(bed.states).toEqual(['running']);
    expect(bed.events).toMatchObject([{ reason: 'Adopted' }]);
  });

  test('is stopped if a restarted agent finds it running and unwanted', async () => {
    const status = { state: 'running', since: 0, ready: true } as const;
    const bed = await started({ status, desired: 'shutdown' });
    expect(bed.calls).toEqual(['stop']);
    expect(bed.status.state).toBe('shutdown');
  });

  test('is stopped when its image reports that it is unhealthy', async () => {
    const bed = await started();
    const report = { task: 'web.1.a', id: 'c1', state: 'running', health: 'unhealthy' } as const;
    bed.runner.onRuntime({ ...report, healthMessage: 'no answer' });
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({
      state: 'failed',
      reason: 'Unhealthy',
      message: 'health check of the image: no answer',
    });
  });
});

describe('a task that is removed', () => {
  test('is stopped, deleted and detached, in this order', async () => {
    const bed = new RunnerBed();
    bed.runner.start();
    await bed.clock.advance(0);
    await bed.runner.destroy(1000);
    expect(bed.calls.slice(2)).toEqual(['stop', 'remove', 'detach']);
  });

  test('is deleted and detached even if its stop fails, and reports that', async () => {
    const bed = new RunnerBed();
    bed.runner.start();
    await bed.clock.advance(0);
    bed.staged.stop = unavailable;
    await expect(bed.runner.destroy(1000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(bed.calls.slice(2)).toEqual(['stop', 'remove', 'detach']);
  });

  test('is detached after an attachment that was still being made', async () => {
    const bed = new RunnerBed();
    let release = (): void => {};
    bed.staged.attach = () =>
      new Promise((resolve) => {
        release = () => resolve(undefined);
      });
    bed.runner.start();
    const removed = bed.runner.destroy(0);
    await bed.clock.advance(1000);
    expect(bed.calls).toEqual(['attach']);
    release();
    await removed;
    expect(bed.calls).toEqual(['attach', 'remove', 'detach']);
  });

  test('is left alone once it was abandoned', async () => {
    const bed = new RunnerBed();
    bed.runner.start();
    await bed.clock.advance(0);
    bed.runner.abandon();
    bed.runner.update({ ...bed.assignment, desired: 'shutdown' });
    await bed.runner.destroy(1000);
    await bed.clock.advance(60_000);
    expect(bed.calls).toEqual(['attach', 'ensure']);
  });
});
