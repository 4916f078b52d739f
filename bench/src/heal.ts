/**
 * Time from the kill of a replica from outside until the next replica answers requests, which two clients send
 * continuously. Compare: with `--runtime docker`, the same done by hand through dockerode in the same run, which is the
 * time of the engine alone; `swarm` on the same machine, which only waits until the next replica runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createCluster } from '@gantry/host';
import { healByHand } from './heal-by-hand.ts';
import { median, round } from './support.ts';
import { Load, webOn } from './web.ts';

const { values } = parseArgs({ options: { runtime: { type: 'string' }, rounds: { type: 'string' } } });
const runtime = values.runtime ?? 'process';
const rounds = Number(values.rounds ?? 10);
const web = await webOn(runtime);
const seconds: number[] = [];
{
  await using cluster = await createCluster(web.plugins, { name: 'bench-heal', nodes: 3 });
  const { api } = cluster;
  // Each kill is the first failure of a healthy task.
  await api.apply(web.service(3, 'v1', { restart: { windowMs: 100 } }));
  const ready = { timeoutMs: 60_000 };
  const served = await api.wait(
    'service',
    'web',
    ({ status }) => status.ready === 3 && status.published.length > 0,
    ready,
  );
  const load = new Load(served?.status.published[0]?.port as number, 2, 5);
  for (let i = 0; i < rounds; i++) {
    while (load.answers.size < 3 + i) await sleep(1);
    await sleep(500); // longer than its restart window
    const { items } = await api.list('task', { fields: 'status.state=running,spec.desired=running' });
    const before = load.answers.size;
    const began = performance.now();
    await web.kill(items[i % items.length] as (typeof items)[number]);
    while (load.answers.size === before) await sleep(1);
    seconds.push(round((performance.now() - began) / 1000, 3));
    await api.wait('service', 'web', ({ status }) => status.ready === 3, ready);
  }
  await load.stop();
  console.error(`${load.ok} requests answered, ${load.failures.length} failed ${load.failures[0] ?? ''}`);
}
const medianSeconds = median(seconds);
const engineSeconds = runtime === 'docker' ? median(await healByHand(rounds)) : undefined;
console.log(
  JSON.stringify({
    bench: 'heal',
    runtime,
    medianSeconds,
    ...(engineSeconds !== undefined && { engineSeconds, ratio: round(medianSeconds / engineSeconds, 3) }),
    seconds,
  }),
);
process.exit(0);
