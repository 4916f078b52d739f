import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { ROUND_MS, ROUNDS, round } from './support/rounds.ts';
import { UpProgram } from './support/up-program.ts';
import { deploy, victim, victimReplaced } from './support/workload.ts';
import { Writer } from './support/writer.ts';

const LOST = 'gantry_log_lines_lost_total';
/** Log output that a reader leaves unread until lines are lost is a megabyte: long lines, from requests that cost little. */
const UNKNOWN = `${'n'.repeat(63)}/${'x'.repeat(63)}`;

describe('a cluster whose output cannot be written, again and again', () => {
  let folder = '';
  let disk: SmallDisk | undefined;
  let up: UpProgram;
  let writer: Writer | undefined;

  /** Standard output goes to a file on the small disk, and standard error to a pipe. */
  const start = async (): Promise<void> => {
    const file = openSync(join((disk as SmallDisk).path, 'out'), 'a');
    await up.start(['ignore', file, 'pipe']);
    closeSync(file);
    errors().resume();
  };
  const errors = (): Readable => up.child.stderr as Readable;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-output-'));
    disk = mountSmallDisk('4m');
    if (disk === undefined) return;
    const [api, front, back] = (await freePorts(3)) as [number, number, number];
    const home = join(folder, 'home');
    up = new UpProgram({
      name: 'output',
      home,
      scratch: join(folder, 'scratch'),
      port: api,
      logLevel: 'info',
    });
    await start();
    await deploy(up.client, [front, back]);
    writer = new Writer(up.connect());
    await writer.start();
  });
  afterAll(async () => {
    await writer?.stop();
    await up?.[Symbol.asyncDispose]();
    disk?.[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Writes log lines until one of them is lost. */
  const untilLost = async (): Promise<void> => {
    const before = await up.metric(LOST);
    const deadline = performance.now() + 2 * ROUND_MS;
    await using noisy = up.connect(); // its connections end with it
    while ((await up.metric(LOST)) === before) {
      if (performance.now() > deadline) throw new Error('no log line was lost');
      await Promise.allSettled(Array.from({ length: 100 }, () => noisy.delete('network', UNKNOWN)));
    }
  };

  test(`loses no acknowledged write, stops no task and leaks nothing; its output resumes when possible: ${ROUNDS} times`, {
    timeout: 60_000 + 2 * ROUNDS * ROUND_MS,
  }, async (context) => {
    if (disk === undefined || writer === undefined) return context.skip('needs permission to mount a tmpfs');
    const [full, written] = [disk, writer];
    await round('output unavailable', up, written, async (index, note) => {
      full.fill();
      const closed = index % 2 === 1;
      if (closed) errors().destroy();
      else errors().pause();
      await untilLost();
      note('lost');
      // What happens to a task is an event, for which there is no room on standard output.
      const ending = await victim(up.client);
      if (ending !== undefined) process.kill(ending.pid, 'SIGKILL');
      await victimReplaced(up.client, ending?.pid, ROUND_MS);
      note('victim');
      expect(await written.lost()).toEqual([]);
      full.clear();
      if (closed) {
        await up.end('SIGKILL');
        await start();
      } else {
        let text = '';
        errors().on('data', (part) => {
          text += String(part);
        });
        errors().resume();
        await expect
          .poll(() => /"message":"log lines were lost","lines":[1-9]/.test(text), { timeout: ROUND_MS })
          .toBe(true);
        errors().removeAllListeners('data').resume();
        const next = await victim(up.client);
        process.kill(next?.pid as number, 'SIGKILL');
        await expect
          .poll(() => readFileSync(join(full.path, 'out'), 'utf8').includes(next?.name ?? '?'), {
            timeout: ROUND_MS,
          })
          .toBe(true);
      }
      await written.tidy();
      return closed;
    });
  });
});
