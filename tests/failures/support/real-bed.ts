import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { SystemClock } from '@gantry/system';
import { Terminal } from '../../../packages/cli/test/support/terminal.ts';
import { type Bed, until } from './bed.ts';

/** A cluster that runs workloads on this machine, in real time. `plugins`: of a cluster with this state directory. */
export async function realBed(
  own: Pick<Bed, 'runtime' | 'good' | 'registry'>,
  nodes: number,
  plugins: (directory: string) => readonly Plugin[],
): Promise<Bed> {
  const directory = await mkdtemp(join(tmpdir(), 'gantry-failures-'));
  // A unique name, which distinguishes clusters on a shared engine.
  const cluster = await createCluster(plugins(directory), { name: directory.slice(-6).toLowerCase(), nodes });
  const clock = new SystemClock();
  const terminal = await Terminal.open({ api: cluster.api });
  return {
    ...own,
    api: cluster.api,
    directory: terminal.home,
    clock,
    until: (check) => until(check, (ms) => clock.sleep(ms)),
    run: (argv, options) => terminal.run(argv, options),
    [Symbol.asyncDispose]: async () => {
      await terminal[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
