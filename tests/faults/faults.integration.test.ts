/** The same as faults.test.ts, for inputs that need real processes. Those of containers and of full disks have files of their own. */
import { createServer } from 'node:http';
import { processCluster } from '@gantry/presets/process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bed } from '../failures/support/bed.ts';
import { realBed } from '../failures/support/real-bed.ts';
import { freePorts } from '../support/ports.ts';
import { gantry, liveTasks, tasksOf, write } from './support.ts';

const WAIT_MS = 60_000;
let bed: Bed;

beforeAll(async () => {
  const good = { command: ['sleep', '1000'] };
  bed = await realBed({ runtime: 'process', good }, 1, (dir) =>
    processCluster({ logLevel: 'silent', runtime: { dir } }),
  );
});
afterAll(() => bed?.[Symbol.asyncDispose]());

test(
  'r36-port-taken: a published port that is in use is retried until it is free, and shown as not served until then',
  async () => {
    const [port] = (await freePorts(1)) as [number];
    const holder = createServer((_, response) => response.end('holder'));
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    const script =
      "require('http').createServer((q, a) => a.end('hi')).listen(process.env.PORT, process.env.HOST)";
    await write(bed, {
      'pt.yaml': JSON.stringify({
        kind: 'service',
        meta: { name: 'pt' },
        spec: {
          template: { command: ['node', '-e', script], ports: [{ target: 8080, published: port }] },
          update: { monitorMs: 100 },
        },
      }),
    });
    const waiting = gantry(bed, 'apply -f pt.yaml --wait');
    const isTaken = async (): Promise<boolean> => {
      const { progress, ready } = (await bed.api.get('service', 'pt').catch(() => undefined))?.status ?? {};
      return ready === 1 && progress?.reason === 'PortUnavailable';
    };
    expect(await bed.until(isTaken)).toBe(true);
    expect((await gantry(bed, 'get services')).out).toContain(`${port}→8080/tcp (not served)`);
    expect((await gantry(bed, 'explain service/pt')).out).toMatch(new RegExp(`PortUnavailable.*${port}`));
    await new Promise((resolve) => holder.close(resolve));
    holder.closeAllConnections();
    expect(await waiting).toMatchObject({ code: 0 });
    expect((await gantry(bed, 'get services')).out).toContain(`${port}→8080`);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hi');
  },
  WAIT_MS,
);

test(
  'r40-scale-down-healthy: scaling down stops the task that crash-loops and keeps the one that is well',
  async () => {
    const script = 'if [ "$GANTRY_SLOT" = 1 ]; then sleep 0.5; exit 3; fi; exec sleep 1000';
    await write(bed, {
      'half.yaml': JSON.stringify({
        kind: 'service',
        meta: { name: 'half' },
        spec: { replicas: 2, restart: { delayMs: 5000 }, template: { command: ['sh', '-c', script] } },
      }),
    });
    expect(await gantry(bed, 'apply -f half.yaml')).toMatchObject({ code: 0 });
    const isHalf = async (): Promise<boolean> => {
      const tasks = await tasksOf(bed, 'half');
      return (
        tasks.some(({ spec, status }) => spec.slot === '1' && status.state === 'failed') &&
        tasks.some(({ spec, status }) => spec.slot === '2' && status.ready)
      );
    };
    expect(await bed.until(isHalf)).toBe(true);
    const well = (await tasksOf(bed, 'half')).find(({ spec }) => spec.slot === '2')?.meta.name;
    expect(await gantry(bed, 'scale half=1 --wait')).toMatchObject({ code: 0 });
    expect((await liveTasks(bed, 'half')).map(({ meta }) => meta.name)).toEqual([well]);
  },
  WAIT_MS,
);

test(
  'r23-new-task-exits-0: an update of processes to a version that exits with 0 replaces none of them',
  async () => {
    const version = (v: number): string =>
      JSON.stringify({
        kind: 'service',
        meta: { name: 'exit0' },
        spec: {
          replicas: 3,
          template: { command: ['sh', '-c', 'test "$V" = 1 && exec sleep 1000; exit 0'], env: { V: `${v}` } },
          update: { parallelism: 1, monitorMs: 2000, failureAction: 'rollback' },
        },
      });
    await write(bed, { 'one.yaml': version(1), 'two.yaml': version(2) });
    expect(await gantry(bed, 'apply -f one.yaml --wait')).toMatchObject({ code: 0 });
    const before = (await liveTasks(bed, 'exit0')).map(({ meta }) => meta.name).toSorted();
    const { code, err } = await gantry(bed, 'apply -f two.yaml --wait');
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringMatching(/rolled back: .*exit code 0/),
    });
    const serving = (await liveTasks(bed, 'exit0')).filter(({ status }) => status.ready);
    expect(serving.map(({ meta }) => meta.name).toSorted()).toEqual(before);
  },
  WAIT_MS,
);
