import { contracts, type Plugin, type Store } from '@gantry/core';

/** Opens a store outside of any cluster while `work` runs. */
export async function withStore<T>(
  plugin: Plugin,
  signal: AbortSignal,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const [{ createCluster }, { jsonLogger, systemClock, systemRandom }] = await Promise.all([
    import('@gantry/host'),
    import('@gantry/system'),
  ]);
  const machine = [systemClock(), systemRandom(), jsonLogger({ level: 'warn' })];
  await using holder = await createCluster([...machine, plugin], { nodes: 0, signal });
  return await work(holder.get(contracts.store));
}
