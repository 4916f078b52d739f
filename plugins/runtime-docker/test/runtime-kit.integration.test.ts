import { SystemClock } from '@gantry/system';
import { runtimeKit, silentLogger } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Gate } from '../src/gate.ts';
import { DockerRuntime } from '../src/index.ts';

const image = 'gantry-test/busybox:1';
/** As process 1, a program ignores the signals that it does not handle: hence the init process. */
const sh = (script: string) => ({ image, command: ['sh', '-c', script], init: true });

describeWith('docker', 'runtime-docker', () => {
  conformance(
    runtimeKit,
    'runtime-docker',
    async () => {
      const make = async () => {
        const made = new DockerRuntime({
          owner: { cluster: `kit-${process.pid}`, node: 'n1' },
          clock: new SystemClock(),
          logger: silentLogger,
          timeoutMs: 60_000,
          network: 'none',
          resyncMs: 30_000,
          starts: new Gate(8),
        });
        await made.start();
        return made;
      };
      let runtime = await make();
      const restart = async () => {
        await runtime[Symbol.asyncDispose]();
        runtime = await make();
        return runtime;
      };
      const subject = {
        runtime,
        restart,
        workloads: {
          sleeps: { image, command: ['sleep', '1000'], init: true },
          exits: (code: number, afterMs: number) => sh(`sleep ${afterMs / 1000}; exit ${code}`),
          prints: (lines: readonly string[]) =>
            sh(`${lines.map((line) => `echo '${line}'`).join('; ')}; exec sleep 1000`),
          ignoresStop: sh('trap "" TERM; echo deaf; sleep 1000 & wait; sleep 1000'),
          hopeless: { image: 'gantry-test/no-such-image:1', command: ['sleep', '1'] },
        },
        commands: {
          says: (text: string) => ['echo', text],
          exits: (code: number) => ['sh', '-c', `exit ${code}`],
          copies: ['cat'],
          hangs: ['sh', '-c', 'sleep 77771 & sleep 77771'],
          findsHanging: ['sh', '-c', 'grep -qs 7777[1] /proc/[0-9]*/cmdline'],
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
        await Promise.all((await last.list()).map(({ task }) => last.remove(task)));
        await last[Symbol.asyncDispose]();
      };
      return { subject, close };
    },
    { patienceMs: 30_000 },
  );
});
