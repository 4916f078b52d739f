import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@gantry/system';
import { runtimeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { ProcessRuntime } from '../src/index.ts';

/** Tells the processes of this test from all others of the machine. */
const HANGS = `77${process.pid}`;
const sh = (script: string) => ({ command: ['sh', '-c', script] });

conformance(
  runtimeKit,
  'runtime-process',
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'gantry-process-'));
    const make = () =>
      new ProcessRuntime({
        cluster: 'kit',
        node: 'n1',
        clock: new SystemClock(),
        dir,
        logBytes: 1 << 20,
        inheritEnv: false,
      });
    let runtime = make();
    const restart = async () => {
      await runtime[Symbol.asyncDispose]();
      runtime = make();
      return runtime;
    };
    const subject = {
      runtime,
      restart,
      workloads: {
        sleeps: { command: ['sleep', '1000'] },
        exits: (code: number, afterMs: number) => sh(`sleep ${afterMs / 1000}; exit ${code}`),
        prints: (lines: readonly string[]) =>
          sh(`${lines.map((line) => `echo '${line}'`).join('; ')}; exec sleep 1000`),
        ignoresStop: sh('trap "" TERM; echo deaf; sleep 1000 & wait; sleep 1000'),
        hopeless: { command: ['/no/such/command'] },
      },
      commands: {
        says: (text: string) => ['echo', text],
        exits: (code: number) => ['sh', '-c', `exit ${code}`],
        copies: ['cat'],
        hangs: ['sh', '-c', `sleep ${HANGS} & sleep ${HANGS}`],
        findsHanging: ['sh', '-c', `pgrep -f 'sleep [${HANGS[0]}]${HANGS.slice(1)}'`],
        execAs: {
          user: '12345',
          missingUser: 'no-such-user',
          printsUser: ['id', '-u'],
          directory: '/proc',
          printsDirectory: ['pwd'],
        },
      },
    };
    const close = async (): Promise<void> => {
      const last = await restart();
      for (const { task } of await last.list()) await last.remove(task);
      await last[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    };
    return { subject, close };
  },
  { patienceMs: 10_000 },
);
