/**
 * Services applied → every task reported running by its fake agent, memory store. Counts everything in between: apply,
 * plan, place, dispatch, start, report. Compare: swarmkit's scheduler with its store alone 11,860 tasks/s on one core,
 * Kubernetes 1.32 284–412 pods/s with API server and etcd.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { contracts } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';

const { values } = parseArgs({
  options: { tasks: { type: 'string' }, nodes: { type: 'string' }, services: { type: 'string' } },
});
const tasks = Number(values.tasks ?? 100_000);
const nodes = Number(values.nodes ?? 1000);
const services = Number(values.services ?? 100);

const perNode = Math.ceil((tasks / nodes) * 1.5);
const cluster = await createCluster(
  fakeCluster({
    logLevel: 'warn',
    controlPlane: { heartbeatMs: 5000, downAfterMs: 60_000 },
    runtime: { capacity: { cpu: perNode * 100, memory: perNode * 64 * 2 ** 20 } },
  }),
  { nodes, startTimeoutMs: 120_000, closeTimeoutMs: 120_000 },
);
console.error(`${nodes} nodes are up; ${tasks} tasks in ${services} services`);

const latencies = new Float64Array(tasks);
let running = 0;
let allRunning = (): void => {};
const done = new Promise<void>((resolve) => {
  allRunning = resolve;
});
const clock = cluster.get(contracts.clock);
cluster
  .get(contracts.views)
  .of('task')
  .subscribe((events) => {
    for (const { before, after } of events) {
      if (after?.value.status.state !== 'running' || before?.value.status.state === 'running') continue;
      latencies[running++] = clock.now() - after.value.meta.createdAt;
    }
    if (running >= tasks) allRunning();
  });

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const began = performance.now();
const template = { image: 'bench:1', resources: { requests: { cpu: 100, memory: '64Mi' } } };
const share = Math.floor(tasks / services);
for (let i = 0; i < services; i++) {
  const replicas = i === services - 1 ? tasks - share * (services - 1) : share;
  await cluster.api.apply({ kind: 'service', meta: { name: `s${i}` }, spec: { replicas, template } });
}
const progress = setInterval(() => console.error(`${running} running`), 1000);
await done;
clearInterval(progress);
const seconds = (performance.now() - began) / 1000;
delay.disable();
const sorted = latencies.sort();
const at = (share: number): number => sorted[Math.min(tasks - 1, Math.floor(tasks * share))] as number;
const result = {
  bench: 'control-plane',
  tasks,
  nodes,
  seconds: Number(seconds.toFixed(2)),
  tasksPerSecond: Math.round(tasks / seconds),
  peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  longestStallMs: Math.round(delay.max / 1e6),
};
if (process.env.BENCH_CLOSE === '1') await cluster[Symbol.asyncDispose]();
console.log(JSON.stringify(result));
process.exit(0);
