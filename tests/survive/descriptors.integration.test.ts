import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { IdleConnections } from './support/idle-connections.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { UpProgram } from './support/up-program.ts';
import { answers, deploy, survivors, victim, victimReplaced } from './support/workload.ts';
import { Writer } from './support/writer.ts';

const FILES = 1024;
const IDLE = 500;

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
    writer = new Writer(up.connect());
    await writer.start();
  });
  afterAll(async () => {
    await writer?.stop();
    await up?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const replaced = (pid: number | undefined): Promise<void> => victimReplaced(up.client, pid, ROUND_MS);
  /** Checks that the writer, which has a connection of its own, continues. */
  const goesOn = async (): Promise<void> => {
    const { writes } = writer;
    await expect.poll(() => writer.writes, { timeout: ROUND_MS }).toBeGreaterThan(writes + 20);
  };
  /** Changes the soft limit of the program. */
  const limit = (files: number): void =>
    void execFileSync('prlimit', ['--pid', String(up.pid), `--nofile=${files}:${FILES}`]);

  test(`loses no acknowledged write, stops no task and leaks nothing; other ports and the API answer: ${ROUNDS} times`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async () => {
    const before = await survivors(up.client);
    await round('descriptors exhausted', up, writer, async (index, note) => {
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
        const ending = await victim(up.client);
        process.kill(ending?.pid as number, 'SIGKILL');
        await replaced(ending?.pid);
        expect(await writer.lost()).toEqual([]);
        note('used');
      }
      // Found by the program, as after a crash, tasks are looked at instead of being its children.
      const restarts = index % 2 === 1;
      if (restarts) {
        await up.end('SIGKILL');
        await up.start();
        await expect.poll(() => survivors(up.client), { timeout: ROUND_MS }).toEqual(before);
      }
      // Nothing can be opened, not even for an incoming connection; open connections continue.
      const ending = await victim(up.client);
      await goesOn();
      limit(8);
      process.kill(ending?.pid as number, 'SIGKILL');
      await using refused = await IdleConnections.open(ports[1], 20);
      await goesOn();
      expect(refused.open).toBe(20);
      limit(FILES);
      note('raised');
      await replaced(ending?.pid);
      for (const port of ports.slice(1))
        await expect.poll(() => answers(port), { timeout: ROUND_MS }).toBe(true);
      await writer.tidy();
      return restarts;
    });
  });
});
