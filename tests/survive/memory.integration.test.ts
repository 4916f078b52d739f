import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecSession, OutputChunk } from '@gantry/core/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { MemoryCage } from './support/memory-cage.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { Unread } from './support/unread.ts';
import { UpProgram } from './support/up-program.ts';
import { answers, deploy, deployNearLimit, victim, victimReplaced } from './support/workload.ts';
import { Writer } from './support/writer.ts';

/** Maximum heap of the program, MiB: about twice its size when idle. */
const HEAP = 160;
/** Memory of the program and the tasks without limits of their own, bytes. */
const ALL = 768 * 2 ** 20;
const READERS = 40;

describe('a cluster that is short of memory, again and again', () => {
  let folder = '';
  let cage: MemoryCage | undefined;
  let up: UpProgram;
  let writer: Writer;
  let ports: [number, number, number];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-memory-'));
    cage = MemoryCage.make('survive', ALL);
    ports = (await freePorts(3)) as [number, number, number];
    up = new UpProgram({
      name: 'memory',
      home: join(folder, 'home'),
      scratch: join(folder, 'scratch'),
      port: ports[0],
      nodeOptions: [`--max-old-space-size=${HEAP}`],
      ...(cage === undefined ? {} : { prefix: cage.prefix }),
    });
    await up.start();
    await deploy(up.client, [ports[1], ports[2]]);
    if (cage !== undefined) await deployNearLimit(up.client);
    writer = new Writer(up.connect());
    await writer.start();
  });
  afterAll(async () => {
    await writer?.stop();
    await up?.[Symbol.asyncDispose]();
    cage?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test(`loses no acknowledged write, stops no task and leaks nothing, whatever its clients do not read: ${ROUNDS} times`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async () => {
    await round('memory pressure', up, writer, async (_index, note) => {
      const unread = (path: string): Promise<Unread> => Unread.send(ports[0], up.token, path, READERS);
      const stop = new AbortController();
      const sessions: ExecSession[] = [];
      {
        await using _watches = await unread('/v1/namespaces/default/networks?watch=true');
        await using _logs = await unread('/v1/namespaces/default/services/ticks/logs?follow=true');
        // Commands that write without end, to clients that do not read.
        const [task] = (await up.client.list('task', { fields: 'spec.service=ticks,status.state=running' }))
          .items;
        for (let index = 0; index < 4; index++)
          sessions.push(
            await up.client.exec(task?.meta.name as string, {
              command: ['yes', 'x'.repeat(1000)],
              signal: stop.signal,
            }),
          );
        note('unread');
        // The writer's objects fill what watches and lists hold back.
        const { writes } = writer;
        await expect.poll(() => writer.writes, { timeout: ROUND_MS }).toBeGreaterThan(writes + 200);
        await using _lists = await unread('/v1/namespaces/default/networks?limit=1000');
        const ending = await victim(up.client);
        process.kill(ending?.pid as number, 'SIGKILL');
        await victimReplaced(up.client, ending?.pid, ROUND_MS);
        expect(await answers(ports[1])).toBe(true);
        expect(await writer.lost()).toEqual([]);
        note('used');
        stop.abort();
      }
      for (const { output } of sessions) await readToEnd(output);
      note('closed');
      await writer.tidy();
      expect(cage?.killed ?? 0).toBe(0);
      return false;
    });
  });
});

/** Whatever the end is: the client has aborted the command. */
async function readToEnd(output: AsyncIterable<OutputChunk>): Promise<void> {
  try {
    for await (const _chunk of output);
  } catch {
    // Aborted.
  }
}
