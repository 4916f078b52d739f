/** The same as faults.test.ts, for inputs that need containers. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { dockerCluster } from '@gantry/presets/docker';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Bed } from '../failures/support/bed.ts';
import { realBed } from '../failures/support/real-bed.ts';
import { commitImage } from '../support/docker-image.ts';
import { freePorts } from '../support/ports.ts';
import { describeWith } from '../support/services.ts';
import { gantry, liveTasks, tasksOf, write } from './support.ts';

const BUSYBOX = 'gantry-test/busybox:1';
const STOPPED_BY_INT = 'gantry-test/stopped-by-int:1';
/** Ends with 0 by SIGINT, with 3 by SIGTERM, with 4 by SIGUSR1; an image may name the first. */
const TRAPS = "trap 'exit 0' INT; trap 'exit 3' TERM; trap 'exit 4' USR1; while :; do sleep 0.1; done";

const docker = (...args: readonly string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

describeWith('docker', 'containers', () => {
  let bed: Bed;

  beforeAll(async () => {
    commitImage(STOPPED_BY_INT, ['--stop-signal', 'SIGINT'], ['sh', '-c', TRAPS]);
    const good = { image: BUSYBOX, command: ['sleep', '1000'] };
    bed = await realBed({ runtime: 'docker', good }, 2, () => dockerCluster({ logLevel: 'silent' }));
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const { meta } of (await bed.api.list('service')).items) await bed.api.delete('service', meta.name);
    await eventually('the service is gone', async () => (await bed.api.list('service')).items.length === 0);
  });

  /** Brings up a Compose file with one service, and returns the service's name. */
  async function up(project: string, name: string, service: object): Promise<string> {
    const whole = { image: BUSYBOX, restart: 'always', stop_grace_period: '300ms', ...service };
    await write(bed, { 'compose.yaml': JSON.stringify({ services: { [name]: whole } }) });
    const { code, err } = await gantry(bed, `compose -p ${project} up -d`);
    expect(code, err).toBe(0);
    return `${project}-${name}`;
  }

  /** Waits, for as long as a busy engine may take, until a check holds. */
  async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
    for (let time = 0; time < 6; time++) if (await bed.until(check)) return;
    throw new Error(`waited in vain: ${what}`);
  }

  const running = (service: string): readonly string[] =>
    docker('ps', '-q', '--no-trunc', '--filter', `label=gantry.service=${service}`)
      .split('\n')
      .filter(Boolean);
  const taskOf = (container: string): string =>
    docker('inspect', '--format', '{{index .Config.Labels "gantry.task"}}', container);

  /** Waits until a service has one task, which is ready, and one container, which is that task's; returns its id. */
  async function one(service: string, check: (container: string) => boolean = () => true): Promise<string> {
    let found = '';
    await eventually(`${service} has one task in one container`, async () => {
      const live = await liveTasks(bed, service);
      const containers = running(service);
      const [task] = live;
      const [container = ''] = containers;
      found = container;
      return (
        live.length === 1 &&
        task?.status.ready === true &&
        task.spec.slot === '1' &&
        containers.length === 1 &&
        taskOf(container) === task.meta.name &&
        check(container)
      );
    });
    return found;
  }

  const sleeper = { command: ['sh', '-c', 'hostname; exec sleep 1000'] };

  test('r15-health-pileup: a check that times out is terminated in its container', async () => {
    const test = ['CMD', 'sleep', '77777'];
    const healthcheck = { test, interval: '1s', timeout: '1s', retries: 60 };
    const service = await up('r15', 'web', { ...sleeper, healthcheck });
    await eventually('its check has timed out five times', async () => {
      const events = (await bed.api.list('event')).items.map(({ spec }) => spec);
      return events.some(
        ({ reason, regarding, count }) =>
          reason === 'ProbeFailed' && regarding.name.startsWith(`${service}.`) && count >= 5,
      );
    });
    const [container = ''] = running(service);
    const checks = (): number =>
      docker('top', container, '-eo', 'pid,args')
        .split('\n')
        .filter((line) => line.includes('77777')).length;
    await eventually('at most the check in progress is left', async () => checks() <= 1);
  });

  test.each([
    ['r16-pid1', {}, 1],
    ['r16-pid1, init: false', { init: false }, 1],
    ['r16-pid1, init: true', { init: true }, 100],
  ])('%s: the command is process 1 unless an init process is asked for', async (_, init, code) => {
    const script = 'if [ $$$$ = 1 ]; then echo pid 1; exec sleep 1000; fi; echo not pid 1; exit 100';
    const command = ['sh', '-c', script];
    const service = await up('r16', 's6', { command, ...init });
    if (code === 1) {
      await one(service);
      expect((await gantry(bed, `logs service/${service}`)).out).toContain('pid 1');
      return;
    }
    await eventually('it has ended', async () =>
      (await tasksOf(bed, service)).some(({ status }) => status.exitCode === code),
    );
  });

  test.each([
    ['restarted', (id: string) => docker('restart', '-t', '0', id)],
    ['stopped', (id: string) => docker('stop', '-t', '0', id)],
    ['killed', (id: string) => docker('kill', id)],
    ['removed', (id: string) => docker('rm', '-f', id)],
    [
      'stopped and started',
      (id: string) => {
        docker('stop', '-t', '0', id);
        docker('start', id);
      },
    ],
    [
      'renamed and removed',
      (id: string) => {
        docker('rename', id, `by-hand-${process.pid}`);
        docker('rm', '-f', id);
      },
    ],
    [
      'paused and killed',
      (id: string) => {
        docker('pause', id);
        docker('kill', id);
      },
    ],
  ])('r22-manual-restart: a container %s manually is replaced, one task in one slot', async (_, change) => {
    const service = await up('r22', 'web', sleeper);
    const before = await one(service);
    change(before);
    await one(service, (container) => container !== before);
    // What was started by hand does not come back.
    await eventually('the old container is gone or stopped', async () => !running(service).includes(before));
    expect(running(service)).toHaveLength(1);
  });

  test.each([
    ['renamed', (id: string) => docker('rename', id, `by-hand-${process.pid}`)],
    [
      'paused and continued',
      (id: string) => {
        docker('pause', id);
        docker('unpause', id);
      },
    ],
  ])('r22-manual-restart: a container %s manually stays the container of its task', async (_, change) => {
    const service = await up('r22', 'web', sleeper);
    const before = await one(service);
    change(before);
    expect(await gantry(bed, `scale ${service}=2 --wait`)).toMatchObject({ code: 0 });
    expect(await gantry(bed, `scale ${service}=1 --wait`)).toMatchObject({ code: 0 });
    expect(await one(service)).toBe(before);
    expect(await gantry(bed, `scale ${service}=0 --wait`)).toMatchObject({ code: 0 });
    await eventually('its container is stopped', async () => running(service).length === 0);
  });

  test('r22-manual-restart: a paused container is shown as such, and is stopped and replaced on request', async () => {
    const service = await up('r22', 'web', sleeper);
    const before = await one(service);
    docker('pause', before);
    expect(await gantry(bed, `rollout restart ${service}`)).toMatchObject({ code: 0 });
    await one(service, (container) => container !== before);
  });

  test('r36-port-taken: a published port that is in use is retried until it is free, and shown as not served until then', async () => {
    const [port] = (await freePorts(1)) as [number];
    const holder = createServer((_, response) => response.end('holder'));
    await new Promise<void>((resolve) => holder.listen(port, resolve));
    const service = await up('r36', 'web', {
      command: ['httpd', '-f', '-p', '80', '-h', '/etc'],
      ports: [`${port}:80`],
    });
    try {
      await eventually('the port is reported as taken', async () => {
        const { status } = await bed.api.get('service', service);
        return status.ready === 1 && status.progress?.reason === 'PortUnavailable';
      });
      expect((await gantry(bed, 'get services')).out).toContain(`${port}→80/tcp (not served)`);
      expect((await gantry(bed, `explain service/${service}`)).out).toMatch(
        new RegExp(`PortUnavailable.*${port}`),
      );
      const waiting = gantry(bed, 'compose -p r36 up --timeout 120s --detach --wait');
      await new Promise((resolve) => holder.close(resolve));
      expect(await waiting).toMatchObject({ code: 0 });
    } finally {
      holder.close();
      holder.closeAllConnections();
    }
    expect((await gantry(bed, 'get services')).out).not.toContain('not served');
    expect(await (await fetch(`http://127.0.0.1:${port}/passwd`)).text()).toContain('root');
  });

  test.each([
    ['r32-image-stopsignal', {}, 0],
    ['r32-image-stopsignal, stop_signal: SIGUSR1', { stop_signal: 'SIGUSR1' }, 4],
    ['r32-image-stopsignal, an image that has none', { image: BUSYBOX, command: ['sh', '-c', TRAPS] }, 3],
  ])('%s: a container gets the stop signal of its service, or else of its image', async (_, more, code) => {
    const service = await up('r32', 'db', { image: STOPPED_BY_INT, stop_grace_period: '30s', ...more });
    await one(service);
    const [task] = await liveTasks(bed, service);
    expect(await gantry(bed, `rollout restart ${service}`)).toMatchObject({ code: 0 });
    await eventually('the first task has ended', async () => {
      const first = (await tasksOf(bed, service)).find(({ meta }) => meta.name === task?.meta.name);
      return first?.status.state === 'shutdown';
    });
    const first = (await tasksOf(bed, service)).find(({ meta }) => meta.name === task?.meta.name);
    expect(first?.status.exitCode).toBe(code);
  });
});
