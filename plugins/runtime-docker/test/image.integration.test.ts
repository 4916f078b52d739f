import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Bench, docker, linesOf, listed, sh, specOf } from './support/docker.ts';

const bench = new Bench('image');
const check = { tcp: { port: 80 }, intervalMs: 1000, timeoutMs: 1000, retries: 3, startPeriodMs: 0 };

describeWith('docker', 'what a container takes from its image', () => {
  afterEach(() => bench.clear());

  test('the command is process 1, unless an init process is requested', async () => {
    const runtime = bench.runtime();
    await runtime.ensure(specOf('plain', sh('echo $$')));
    await runtime.ensure(specOf('init', { ...sh('echo $$'), init: true }));
    for (const task of ['plain', 'init']) await listed(runtime, task, { state: 'exited', exitCode: 0 });
    expect(await linesOf(runtime, 'plain')).toEqual(['1']);
    expect(await linesOf(runtime, 'init')).not.toEqual(['1']);
  });

  describe('the stop signal', () => {
    const traps = sh(
      'trap "exit 2" INT; trap "exit 3" QUIT; trap "exit 15" TERM; echo up; while :; do sleep 0.05; done',
    );

    test.each([
      ['is TERM without one', undefined, undefined, 15],
      ['is that of the image', 'SIGINT', undefined, 2],
      ['is that of the image as a number', '3', undefined, 3],
      ['is that of the template if it has one', 'SIGINT', 'SIGQUIT', 3],
    ] as const)('%s', async (_what, own, stopSignal, exitCode) => {
      const image = bench.image([], own === undefined ? [] : ['--stop-signal', own]);
      const runtime = bench.runtime();
      await runtime.ensure(specOf('a', { ...traps, image, stopSignal }));
      await vi.waitFor(async () => expect(await linesOf(runtime, 'a')).toEqual(['up']), { timeout: 10_000 });
      await runtime.stop('a', { graceMs: 20_000 });
      await listed(runtime, 'a', { state: 'exited', exitCode });
    });
  });

  describe('the health check', () => {
    const HEALTHCHECK =
      'HEALTHCHECK --interval=1s --retries=1 CMD ["sh", "-c", "echo pong; test -e /tmp/ok && ! test -e /tmp/sick"]';

    test('is reported as it changes, with its last output', async () => {
      const image = bench.image([HEALTHCHECK]);
      const { runtime, events } = await bench.following();
      const { health } = await runtime.ensure(specOf('a', { ...sh('touch /tmp/ok; sleep 1000'), image }));
      expect(health).toBe('starting');
      await listed(runtime, 'a', { health: 'healthy', healthMessage: 'pong' });
      docker('exec', bench.container('a'), 'touch', '/tmp/sick');
      await listed(runtime, 'a', { health: 'unhealthy', healthMessage: 'pong' });
      await expect
        .poll(() => [...new Set(events.map((event) => event.health))])
        .toEqual(['starting', 'healthy', 'unhealthy']);
    });

    test('runs with the changes of the template, and else as the image says', async () => {
      const image = bench.image(['HEALTHCHECK --interval=7s --timeout=6s --retries=5 CMD ["true"]']);
      const runtime = bench.runtime();
      const healthChecks = { image: { intervalMs: 1500, retries: 2 } };
      await runtime.ensure(specOf('a', { image, healthChecks }));
      expect(JSON.parse(docker('inspect', bench.container('a')))[0].Config.Healthcheck).toMatchObject({
        Test: ['CMD', 'true'],
        Interval: 1.5e9,
        Timeout: 6e9,
        Retries: 2,
      });
    });

    test.each([
      ['a readiness check', { readiness: check, image: true }],
      ['a liveness check', { liveness: check, image: true }],
      ['a startup check', { startup: check, image: true }],
      ['the template turning it off', { image: false }],
    ])('never runs beside %s', async (_what, healthChecks) => {
      const image = bench.image([HEALTHCHECK]);
      const runtime = bench.runtime();
      const { health } = await runtime.ensure(specOf('a', { image, healthChecks }));
      expect(health).toBeUndefined();
      const { Config, State } = JSON.parse(docker('inspect', bench.container('a')))[0];
      expect(Config.Healthcheck.Test).toEqual(['NONE']);
      expect(State.Health?.Status ?? 'none').toBe('none');
    });
  });

  test('labels of a template are free text, and variables have any name', async () => {
    const labels = {
      'traefik.http.routers.w.rule': 'Host(`a.example`) || PathPrefix(`/x`)',
      'traefik.http.routers.w.tls.domains[0].main': 'a.example',
      'com.example.desc': 'Größe & co',
      long: 'x'.repeat(5000),
    };
    const runtime = bench.runtime();
    await runtime.ensure(specOf('a', { command: ['env'], labels, env: { 'my-app.key': 'v', '1A': 'w' } }));
    await listed(runtime, 'a', { state: 'exited' });
    expect(JSON.parse(docker('inspect', bench.container('a')))[0].Config.Labels).toMatchObject(labels);
    expect(await linesOf(runtime, 'a')).toEqual(expect.arrayContaining(['my-app.key=v', '1A=w']));
  });

  test('the log driver and its options are those of the template, and the propagation of a bind', async () => {
    const runtime = bench.runtime();
    const logging = { driver: 'json-file', options: { 'max-size': '1m', 'max-file': '2' } };
    const mounts = [
      { type: 'bind', source: '/usr', target: '/x', readOnly: true, propagation: 'private' },
    ] as const;
    await runtime.ensure(specOf('a', { logging, mounts }));
    const { HostConfig } = JSON.parse(docker('inspect', bench.container('a')))[0];
    expect(HostConfig.LogConfig).toEqual({ Type: 'json-file', Config: logging.options });
    expect(HostConfig.Mounts[0].BindOptions).toMatchObject({ Propagation: 'private' });
  });

  test('a log driver that the engine does not have is INVALID_OBJECT, and one without reading has no logs', async () => {
    const runtime = bench.runtime();
    const ensure = runtime.ensure(specOf('a', { logging: { driver: 'pigeon', options: {} } }));
    await expect(ensure).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: expect.stringContaining('pigeon'),
      details: { field: 'logging' },
    });
    await runtime.ensure(specOf('b', { logging: { driver: 'none', options: {} } }));
    await expect(linesOf(runtime, 'b')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('a limit of processes is enforced', async (context) => {
    const runtime = bench.runtime();
    await runtime.start();
    if (!runtime.supports.limits.pids) return context.skip('the engine cannot limit the number of processes');
    const limits = { pids: 20 };
    await runtime.ensure(specOf('a', { resources: { requests: {}, limits } }));
    expect(JSON.parse(docker('inspect', bench.container('a')))[0].HostConfig.PidsLimit).toBe(20);
  });

  test('a task with a name of 200 characters has a container, and is found again', async () => {
    const task = `${'a'.repeat(63)}/${'b'.repeat(63)}.${'c'.repeat(63)}.k2x9f0ab`;
    const { id } = await bench.runtime().ensure(specOf(task));
    const next = bench.runtime();
    expect(await next.list()).toMatchObject([{ task, id, state: 'running' }]);
    expect(docker('inspect', '--format', '{{.Name}}', id).length).toBeLessThanOrEqual(129);
    await next.remove(task);
    expect(await next.list()).toEqual([]);
  });
});
