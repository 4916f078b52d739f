import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { IdleConnections } from './support/idle-connections.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { UpProgram } from './support/up-program.ts';
import { answers, deploy, victim } from './support/workload.ts';
import { Writer } from './support/writer.ts';

const FILES = 1024;
const IDLE = 1500;

describe('a cluster that has no file descriptors left, again and again', () => {
  let folder = '';
  let up: UpProgram;
  let writer: Writer;
  let ports: [number, number, number];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-files-'));
    ports = (await freePorts(3)) as [number, number, number];
    up = new UpProgram({
      name: 'files',
      home: join(folder, 'home'),
      scratch: join(folder, 'scratch'),
      port: ports[0],
      prefix: ['prlimit', `--nofile=${FILES}:${FILES}`],
    });
    await up.start();
    await deploy(up.client, [ports[1], ports[2]]);
    writer = new Writer(up.client);
    await writer.start();
  });
  afterAll(async () => {
    await writer?.stop();
    await up?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The victim ends; returns its process id. */
  const endVictim = async (): Promise<number | undefined> => {
    const ending = await victim(up.client);
    if (ending !== undefined) process.kill(ending.pid, 'SIGKILL');
    return ending?.pid;
  };
  const replaced = async (pid: number | undefined): Promise<void> =>
    await expect.poll(async () => (await victim(up.client))?.pid ?? pid, { timeout: ROUND_MS }).not.toBe(pid);
  /** Changes the soft limit of the program. */
  const limit = (files: number): void =>
    void execFileSync('prlimit', ['--pid', String(up.pid), `--nofile=${files}:${FILES}`]);

  test(`loses no acknowledged write, stops no task and leaks nothing; other ports and the API answer: ${ROUNDS} times`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async () => {
    await round('descriptors exhausted', up, writer, async (_index, note) => {
      {
        await using _front = await IdleConnections.open(ports[1], IDLE);
        await using _api = await IdleConnections.open(ports[0], IDLE);
        note('idle connections');
        expect(await answers(ports[2])).toBe(true);
        const [task] = (await up.client.list('task', { fields: 'spec.service=ticks,status.state=running' }))
          .items;
        const session = await up.client.exec(task?.meta.name as string, { command: ['echo', 'still here'] });
        let text = '';
        for await (const { data } of session.output) text += Buffer.from(data).toString();
        expect([text, await session.exitCode]).toEqual(['still here\n', 0]);
        await replaced(await endVictim());
        expect(await writer.lost()).toEqual([]);
        note('used');
      }
      // Fewer than it has open: nothing can be opened, not even for a connection that comes in.
      const ending = await endVictim();
      limit(8);
      const failures = (): number => writer.failures('UNAVAILABLE') + writer.failures('TIMEOUT');
      const [writes, failed] = [writer.writes, failures()];
      await using refused = await IdleConnections.open(ports[1], 50);
      await expect
        .poll(() => writer.writes + failures(), { timeout: ROUND_MS })
        .toBeGreaterThan(writes + failed);
      await expect.poll(() => refused.closed, { timeout: ROUND_MS }).toBe(50);
      expect(up.runs).toBe(true);
      limit(FILES);
      note('raised');
      await replaced(ending);
      for (const port of ports.slice(1))
        await expect.poll(() => answers(port), { timeout: ROUND_MS }).toBe(true);
      await writer.tidy();
      return false;
    });
  });
});
