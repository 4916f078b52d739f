import type { Plugin } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { silentLogger, TestClock } from '@gantry/testing';
import { Terminal } from '../../../packages/cli/test/support/terminal.ts';
import { type Bed, until } from './bed.ts';
import { OCCUPIED } from './occupied.ts';

const STEP_MS = 100;

/** A whole cluster in virtual time, which runs nothing. */
export async function fakeBed(nodes = 3, more: readonly Plugin[] = []): Promise<Bed> {
  const clock = new TestClock();
  const own = { clock: () => clock, logger: () => silentLogger };
  const plugins = fakeCluster({
    runtime: { capacity: { cpu: 4000, memory: 2 ** 33 } },
    network: { occupied: [`tcp:${OCCUPIED.fake}`] },
  }).map((plugin): Plugin => {
    const create = own[plugin.provides.id as keyof typeof own];
    return create === undefined ? plugin : { ...plugin, create };
  });
  const cluster = await createCluster([...plugins, ...more], { nodes });
  const terminal = await Terminal.open({ api: cluster.api, clock });
  const passing = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    while (!over) {
      await clock.advance(STEP_MS);
      // The command also reads files and loads modules, which takes real time.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return ended;
  };
  await passing(terminal.run(['get', 'services']));
  return {
    runtime: 'fake',
    api: cluster.api,
    directory: terminal.home,
    clock,
    good: { image: 'app:1' },
    until: (check) => until(check, (ms) => clock.advance(ms)),
    run: (argv, options) => passing(terminal.run(argv, options)),
    [Symbol.asyncDispose]: async () => {
      await passing(Promise.resolve(cluster[Symbol.asyncDispose]()));
      await terminal[Symbol.asyncDispose]();
    },
  };
}
