import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { contracts } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { quantile, round } from '../support.ts';
import { Counts, counting } from './counting.ts';
import type { Engine, StoreSize } from './engine.ts';

const TOLD_MS = 1000;
const STALL_SEEN_MS = 30;

export interface RunOptions {
  readonly tasks: number;
  readonly nodes: number;
  readonly services: number;
}

/** Results of one store. */
export interface Figures extends Partial<StoreSize> {
  readonly seconds: number;
  readonly tasksPerSecond: number;
  readonly peakRssMiB: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestStallMs: number;
  readonly writesPerTask: number;
  readonly commits: number;
  readonly meanBatch: number;
  readonly refused: number;
  /** Writes by kind. */
  readonly writes: Readonly<Record<string, number>>;
}

/** Services applied → every task reported running by its fake agent, over one store. */
export async function run(engine: Engine, { tasks, nodes, services }: RunOptions): Promise<Figures> {
  const perNode = Math.ceil((tasks / nodes) * 1.5);
  const counts = new Counts();
  const cluster = await createCluster(
    fakeCluster({
      logLevel: 'warn',
      store: counting(engine.plugin, counts),
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
  await sleep(STALL_SEEN_MS); // until the monitor samples
  counts.clear();
  const began = performance.now();
  const template = { image: 'bench:1', resources: { requests: { cpu: 100, memory: '64Mi' } } };
  const share = Math.floor(tasks / services);
  for (let i = 0; i < services; i++) {
    const replicas = i === services - 1 ? tasks - share * (services - 1) : share;
    await cluster.api.apply({ kind: 'service', meta: { name: `s${i}` }, spec: { replicas, template } });
  }
  const progress = setInterval(() => console.error(`${running} running`), TOLD_MS);
  await done;
  clearInterval(progress);
  const seconds = (performance.now() - began) / 1000;
  await sleep(STALL_SEEN_MS); // a stall is recorded once it is over
  delay.disable();
  const { commits, writes, refused, byKind } = counts;
  const figures = {
    seconds: round(seconds),
    tasksPerSecond: Math.round(tasks / seconds),
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    p50Ms: quantile([...latencies], 0.5),
    p99Ms: quantile([...latencies], 0.99),
    longestStallMs: Math.round(delay.max / 1e6),
    writesPerTask: round(writes / tasks, 3),
    commits,
    meanBatch: round(writes / commits, 1),
    refused,
    writes: byKind,
    ...(await engine.size?.()),
  };
  if (process.env.BENCH_CLOSE === '1') await cluster[Symbol.asyncDispose]();
  return figures;
}
