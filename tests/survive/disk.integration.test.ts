import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { UpProgram } from './support/up-program.ts';
import { deploy, victim, victimReplaced } from './support/workload.ts';
import { Writer } from './support/writer.ts';

/** Rounds of one cluster: a store keeps what it has once taken from the disk, and would fill it in the end. */
const BATCH = 10;
/** Objects while the disk is not full, for the same reason. */
const FEW = 4;

describe('a cluster whose disk is full, again and again', () => {
  test(`loses no acknowledged write, stops no task and leaks nothing; started while the disk is full, it recovers: ${ROUNDS} times`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async (context) => {
    for (let done = 0; done < ROUNDS; done += BATCH) {
      const folder = mkdtempSync(join(tmpdir(), 'gantry-disk-'));
      try {
        using disk = mountSmallDisk('48m');
        if (disk === undefined) return context.skip('needs permission to mount a tmpfs');
        await batch(folder, disk, Math.min(BATCH, ROUNDS - done));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  });
});

/** Puts a cluster on a disk of its own through some rounds. */
async function batch(folder: string, disk: SmallDisk, rounds: number): Promise<void> {
  const [api, front, back] = (await freePorts(3)) as [number, number, number];
  const name = 'full-disk';
  await using up = new UpProgram({ name, home: disk.path, scratch: join(folder, 'scratch'), port: api });
  await up.start();
  await deploy(up.client, [front, back]);
  await using writer = new Writer(up.connect(), 1000);
  writer.most = FEW;
  await writer.start();
  const bad = async (index: number, note: (what: string) => void): Promise<boolean> => {
    disk.fill();
    writer.most = Number.POSITIVE_INFINITY;
    const refused = writer.failures('EXHAUSTED');
    await expect.poll(() => writer.failures('EXHAUSTED'), { timeout: ROUND_MS }).toBeGreaterThan(refused);
    note('rejected');
    expect(await writer.lost()).toEqual([]);
    // A task ends while nothing can be recorded.
    const ending = await victim(up.client);
    if (ending !== undefined) process.kill(ending.pid, 'SIGKILL');
    const restarts = index % 2 === 1;
    if (restarts) {
      await up.end('SIGKILL');
      await up.start();
      expect(await writer.lost()).toEqual([]);
      note('restarted');
    }
    writer.most = FEW;
    disk.clear();
    await writer.tidy();
    note('tidy');
    await victimReplaced(up.client, ending?.pid, ROUND_MS);
    return restarts;
  };
  await round('disk full', up, writer, bad, rounds);
}
