/**
 * All tasks of one service running, compared with creating and starting the same number of containers directly through
 * dockerode, eight at a time, in the same run. Compare: Docker Swarm 1.18 times the engine's own time.
 */
import { parseArgs } from 'node:util';
import { createCluster } from '@gantry/host';
import { dockerCluster } from '@gantry/presets/docker';
import Docker from 'dockerode';
import { makeImages, median, round } from './support.ts';

const { values } = parseArgs({ options: { count: { type: 'string' }, rounds: { type: 'string' } } });
const count = Number(values.count ?? 50);
const rounds = Number(values.rounds ?? 3);
const IMAGE = 'gantry-test/busybox:1';
const COMMAND = ['sleep', '3600'];
const LABELS = { 'gantry-bench': 'docker-start' };
const docker = new Docker();

await makeImages();
const engine: number[] = [];
const gantry: number[] = [];
for (let i = 0; i < rounds; i++) {
  // Alternating, so that each is first half of the time: the engine's speed varies over the minutes.
  const order = i % 2 === 0 ? [direct, throughGantry] : [throughGantry, direct];
  for (const run of order) await run();
  console.error(`round ${i + 1}: engine ${engine.at(-1)} s, gantry ${gantry.at(-1)} s`);
}
const ratio = median(gantry.map((seconds, i) => seconds / (engine[i] as number)));
console.log(
  JSON.stringify({
    bench: 'docker-start',
    count,
    gantrySeconds: median(gantry),
    engineSeconds: median(engine),
    ratio: round(ratio, 3),
    rounds: gantry.map((seconds, i) => round(seconds / (engine[i] as number), 3)),
  }),
);
process.exit(0);

async function direct(): Promise<void> {
  const network = await docker.createNetwork({ Name: 'gantry-bench', Labels: LABELS });
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const name = `gantry-bench-${next++}`;
      const container = await docker.createContainer({
        name,
        Image: IMAGE,
        Cmd: COMMAND,
        Labels: LABELS,
        HostConfig: { Init: true, NetworkMode: 'gantry-bench' },
      });
      await container.start();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  engine.push(round((performance.now() - began) / 1000));
  const made = await docker.listContainers({ all: true, filters: { label: ['gantry-bench=docker-start'] } });
  await Promise.all(made.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
  await network.remove();
}

async function throughGantry(): Promise<void> {
  const capacity = { cpu: 1_000_000, memory: 2 ** 40 };
  await using cluster = await createCluster(dockerCluster(), {
    name: 'bench-docker-start',
    nodes: [{ name: 'node-1', capacity }],
    closeTimeoutMs: 120_000,
  });
  const began = performance.now();
  const template = { image: IMAGE, command: COMMAND, stopGraceMs: 0 };
  await cluster.api.apply({ kind: 'service', meta: { name: 'bench' }, spec: { replicas: count, template } });
  await cluster.api.wait('service', 'bench', ({ status }) => status.running === count, {
    timeoutMs: 120_000,
  });
  gantry.push(round((performance.now() - began) / 1000));
}
