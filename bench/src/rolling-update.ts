/**
 * A rolling update of 10 replicas, two at a time, new ones first, under constant load; repeated until at least 20,000
 * requests were sent. Compare: `swarm` on the same machine, which waits for no health check, drains nothing and is
 * under no load. The load takes CPU from the engine: `--clients` sets the number of clients.
 */
import { parseArgs } from 'node:util';
import { createCluster } from '@gantry/host';
import { median, round } from './support.ts';
import { Load, webOn } from './web.ts';

const { values } = parseArgs({
  options: { runtime: { type: 'string' }, requests: { type: 'string' }, clients: { type: 'string' } },
});
const runtime = values.runtime ?? 'process';
const wanted = Number(values.requests ?? 20_000);
const web = await webOn(runtime);
const seconds: number[] = [];
let requests = 0;
let failed = 0;
{
  await using cluster = await createCluster(web.plugins, {
    name: 'bench-roll',
    nodes: 3,
    closeTimeoutMs: 60_000,
  });
  const { api } = cluster;
  const update = { parallelism: 2, order: 'start-first', monitorMs: 3000 } as const;
  await api.apply(web.service(10, 'v0', { update }));
  const served = await api.wait(
    'service',
    'web',
    ({ status }) => status.ready === 10 && status.published.length > 0,
    {
      timeoutMs: 60_000,
    },
  );
  const load = new Load(served?.status.published[0]?.port as number, Number(values.clients ?? 8), 5);
  for (let version = 1; version <= 3 || load.ok < wanted; version++) {
    const began = performance.now();
    await api.apply(web.service(10, `v${version}`, { update }));
    const done = ({ meta, status }: Awaited<ReturnType<typeof api.get<'service'>>>): boolean =>
      status.observedGeneration === meta.generation && status.updated === 10;
    await api.wait('service', 'web', done, { timeoutMs: 60_000 });
    seconds.push(round((performance.now() - began) / 1000));
    await api.wait('service', 'web', 'Updated', { timeoutMs: 60_000 });
    console.error(
      `update ${version}: ${seconds.at(-1)} s, ${load.ok} requests, ${load.failures.length} failed ${load.failures[0] ?? ''}`,
    );
  }
  await load.stop();
  requests = load.ok + load.failures.length;
  failed = load.failures.length;
}
console.log(
  JSON.stringify({
    bench: 'rolling-update',
    runtime,
    medianSeconds: median(seconds),
    seconds,
    requests,
    failed,
  }),
);
process.exit(0);
