import { SystemClock, SystemRandom } from '@gantry/system';
import { networkKit, runtimeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { FakeNetwork, FakeRuntime, FakeWorld } from '../src/index.ts';
import { lifeSchema } from '../src/life.ts';

conformance(runtimeKit, 'runtime-fake', () => {
  const world = new FakeWorld();
  const make = () =>
    new FakeRuntime({
      node: { name: 'n1', labels: {}, capacity: {} },
      clock: new SystemClock(),
      random: new SystemRandom(),
      capacity: { cpu: 4000, memory: 2 ** 30 },
      life: lifeSchema.parse({}),
      world,
    });
  let runtime = make();
  const subject = {
    runtime,
    restart: async () => {
      await runtime[Symbol.asyncDispose]();
      runtime = make();
      return runtime;
    },
    workloads: {
      sleeps: {},
      exits: (code: number, afterMs: number) => ({
        labels: { 'fake/exit-code': String(code), 'fake/exit-after-ms': String(afterMs) },
      }),
      prints: (lines: readonly string[]) => ({ labels: { 'fake/print': lines.join('\n') } }),
      ignoresStop: { labels: { 'fake/ignore-stop': 'true', 'fake/print': 'deaf' } },
      hopeless: { labels: { 'fake/fail-start': '1' } },
    },
    commands: {
      says: (text: string) => ['echo', text],
      exits: (code: number) => ['exit', String(code)],
      copies: ['cat'],
      hangs: ['hang'],
      findsHanging: ['hanging'],
      execAs: {
        user: '12345',
        missingUser: 'missing',
        printsUser: ['whoami'],
        directory: '/proc',
        printsDirectory: ['pwd'],
      },
    },
  };
  return {
    subject,
    close: async () => {
      await runtime[Symbol.asyncDispose]();
      world.clear();
    },
  };
});

conformance(networkKit, 'network-fake', () => {
  const network = new FakeNetwork();
  return {
    subject: {
      network,
      freePorts: async (count) => Array.from({ length: count }, (_, index) => 9000 + index),
      occupy: async (port, protocol) => {
        network.occupy(`${protocol}:${port}`);
        return () => network.release(`${protocol}:${port}`);
      },
    },
  };
});
