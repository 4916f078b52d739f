import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { SmallDisk } from './support/small-disk.ts';
import { UpProgram } from './support/up-program.ts';
import { deploy, victim } from './support/workload.ts';
import { Writer } from './support/writer.ts';

describe('a cluster whose disk is full, again and again', () => {
  let folder = '';
  let disk: SmallDisk | undefined;
  let up: UpProgram;
  let writer: Writer | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-disk-'));
    disk = SmallDisk.mount(join(folder, 'disk'), '24m');
    if (disk === undefined) return;
    const [api, front, back] = (await freePorts(3)) as [number, number, number];
    up = new UpProgram({ name: 'full-disk', home: disk.path, scratch: join(folder, 'scratch'), port: api });
    await up.start();
    await deploy(up.client, [front, back]);
    writer = new Writer(up.connect(), 1000);
    await writer.start();
  });
  afterAll(async () => {
    await writer?.stop();
    await up?.[Symbol.asyncDispose]();
    disk?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test(`loses no acknowledged write, stops no task and leaks nothing; started while the disk is full, it recovers: ${ROUNDS} times`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async (context) => {
    if (disk === undefined || writer === undefined) return context.skip('needs permission to mount a tmpfs');
    const [full, written] = [disk, writer];
    await round('disk full', up, written, async (index, note) => {
      full.fill();
      const refused = written.failures('EXHAUSTED');
      await expect.poll(() => written.failures('EXHAUSTED'), { timeout: ROUND_MS }).toBeGreaterThan(refused);
      note('rejected');
      expect(await written.lost()).toEqual([]);
      // A task ends while nothing can be recorded.
      const ending = await victim(up.client);
      if (ending !== undefined) process.kill(ending.pid, 'SIGKILL');
      note('killed');
      const restarts = index % 2 === 1;
      if (restarts) {
        await up.end('SIGKILL');
        await up.start();
        expect(await written.lost()).toEqual([]);
      }
      note('restarted');
      full.empty();
      await written.tidy();
      note('tidy');
      await expect
        .poll(async () => (await victim(up.client))?.pid ?? ending?.pid, { timeout: ROUND_MS })
        .not.toBe(ending?.pid);
      return restarts;
    });
  });
});
