import { afterEach, expect, test, vi } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Engine } from '../src/engine.ts';
import { EXEC_MARKER, killFromInside } from '../src/terminate-exec.ts';
import { Bench, docker, linesOf, listed, sh, specOf } from './support/docker.ts';

const bench = new Bench('hand');
const isRunning = (id: string): boolean => docker('inspect', '--format', '{{.State.Running}}', id) === 'true';

describeWith('docker', 'a container that is changed by hand', () => {
  afterEach(() => bench.clear());

  test('and restarted stays ended: its task is final, and the container is killed', async () => {
    const { runtime, events } = await bench.following();
    const { id } = await runtime.ensure(specOf('a', sh('trap "exit 5" TERM; while :; do sleep 0.05; done')));
    docker('restart', id);
    await vi.waitFor(() => expect(isRunning(id)).toBe(false), { timeout: 10_000 });
    await listed(runtime, 'a', { id, state: 'exited' });
    expect(events.map(({ state }) => state)).toEqual(['running', 'exited']);
  });

  test('and started again later stays ended, even if the event was missed', async () => {
    const runtime = bench.runtime();
    const { id } = await runtime.ensure(
      specOf('a', sh('test -e /tmp/again && exec sleep 1000; touch /tmp/again')),
    );
    await listed(runtime, 'a', { state: 'exited', exitCode: 0 });
    docker('start', id);
    await listed(runtime, 'a', { id, state: 'exited', exitCode: 0 });
    await vi.waitFor(() => expect(isRunning(id)).toBe(false), { timeout: 10_000 });
    expect((await runtime.ensure(specOf('a'))).id).toBe(id);
  });

  test('and renamed stays the same task, for this instance and for the next one', async () => {
    const runtime = bench.runtime();
    const { id } = await runtime.ensure(specOf('a', { ...sh('echo here; exec sleep 1000'), init: true }));
    docker('rename', id, `renamed-${process.pid}`);
    await vi.waitFor(async () => expect(await linesOf(runtime, 'a')).toEqual(['here']), { timeout: 10_000 });
    const next = bench.runtime();
    expect((await next.ensure(specOf('a'))).id).toBe(id);
    expect(await next.list()).toMatchObject([{ task: 'a', id, state: 'running' }]);
    const session = await next.exec('a', { command: ['echo', 'hi'] });
    for await (const { data } of session.output) expect(Buffer.from(data).toString()).toBe('hi\n');
    await next.stop('a', { graceMs: 20_000 });
    await next.remove('a');
    expect(bench.container('a')).toBe('');
  });

  test('and paused keeps its task, which is stopped and removed all the same', async () => {
    const { runtime, events } = await bench.following();
    const { id } = await runtime.ensure(specOf('a', { init: true }));
    docker('pause', id);
    await listed(runtime, 'a', { id, state: 'running', paused: true });
    docker('unpause', id);
    await expect.poll(() => events.map(({ paused = false }) => paused)).toEqual([false, true, false]);
    docker('pause', id);
    await runtime.stop('a', { graceMs: 200 });
    await listed(runtime, 'a', { id, state: 'exited' });
    await runtime.remove('a');
    expect(bench.container('a')).toBe('');
  });

  test('and copied with its labels does not become a second task', async () => {
    const runtime = bench.runtime();
    const { id } = await runtime.ensure(specOf('a'));
    const label = (key: string, value: string) => ['--label', `gantry.${key}=${value}`];
    const labels = [...label('cluster', bench.cluster), ...label('node', 'n1'), ...label('task', 'a')];
    docker('run', '-d', '--network', 'none', ...labels, 'gantry-test/busybox:1', 'sleep', '1000');
    for (const one of [runtime, bench.runtime()]) {
      expect(await one.list()).toMatchObject([{ task: 'a', id, state: 'running' }]);
    }
  });
});

describeWith('docker', 'a command in a container', () => {
  afterEach(() => bench.clear());

  /** The processes of the container, without those of the init process and of its own command. */
  const left = (id: string): string[] =>
    docker('top', id, '-eo', 'pid,args')
      .split('\n')
      .map((line) => line.trim().replace(/^\d+ +/, ''))
      .filter((line) => line.includes('7777'));

  test.each([
    ['with children in sessions of their own', 'setsid sleep 77771 & sleep 77772'],
    ['with children without any environment', 'env -i sleep 77773 & sleep 77774'],
    ['whose parent has ended', '(sleep 77775 & sleep 77776 & :); sleep 77777'],
    ['that ignores signals', 'trap "" TERM INT HUP; sleep 77778 & wait'],
  ])('%s is terminated when its signal fires', async (_what, script) => {
    const runtime = bench.runtime();
    const { id } = await runtime.ensure(specOf('a'));
    const over = new AbortController();
    const session = await runtime.exec('a', { command: ['sh', '-c', script], signal: over.signal });
    const reading = (async () => {
      for await (const _ of session.output);
    })();
    const count = script.split('7777').length - 1;
    await vi.waitFor(
      () => expect(left(id).filter((line) => line.includes('sleep')).length).toBeGreaterThanOrEqual(count),
      { timeout: 10_000 },
    );
    over.abort();
    await reading;
    await session.exitCode.catch(() => undefined);
    expect(left(id)).toEqual([]);
    expect(isRunning(id)).toBe(true);
  });

  test('is terminated from inside the container where its processes cannot be signalled from outside', async () => {
    const runtime = bench.runtime();
    const { id } = await runtime.ensure(specOf('a'));
    docker('exec', '-d', '-e', `${EXEC_MARKER}=m1`, id, 'sh', '-c', 'sleep 77771 & sleep 77772');
    docker('exec', '-d', '-e', `${EXEC_MARKER}=m2`, id, 'sleep', '77773');
    await vi.waitFor(() => expect(left(id).filter((line) => line.startsWith('sleep')).length).toBe(3), {
      timeout: 10_000,
    });
    const engine = new Engine({ timeoutMs: 10_000 });
    try {
      await killFromInside(engine, id, 'm1');
      await vi.waitFor(() => expect(left(id)).toEqual(['sleep 77773']), { timeout: 10_000 });
    } finally {
      engine.close();
    }
  });
});
