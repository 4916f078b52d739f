/**
 * Docker Swarm on this machine's engine, for comparison with `heal` and `rolling-update --runtime docker`: from the
 * kill of a replica to the start of the next one (restart delay 0), and the update of 10 replicas, two at a time, new
 * ones first. Replicas are on a network where they find each other by name, like the replicas of those benchmarks;
 * `--network none` omits it. Neither waits for a health check, nothing is published and there is no load. The engine
 * must not be in a swarm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Docker from 'dockerode';
import { makeImages, median, round } from './support.ts';

const NAME = 'bench-swarm';
const LABEL = 'com.docker.swarm.service.name';
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, updates: { type: 'string' }, network: { type: 'string' } },
});
const networks = values.network === 'none' ? [] : [{ Target: NAME }];
const docker = new Docker();

function spec(replicas: number, version: string): Docker.CreateServiceOptions {
  return {
    Name: NAME,
    TaskTemplate: {
      ContainerSpec: {
        Image: 'gantry-test/busybox:1',
        Command: ['sleep', '3600'],
        Env: [`VERSION=${version}`],
      },
      RestartPolicy: { Condition: 'any', Delay: 0 },
      Networks: networks,
    },
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: { Parallelism: 2, Order: 'start-first', Delay: 0, Monitor: 0 },
  } as Docker.CreateServiceOptions;
}

async function running(): Promise<readonly Docker.ContainerInfo[]> {
  return await docker.listContainers({ filters: { label: [`${LABEL}=${NAME}`], status: ['running'] } });
}

async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
    await sleep(10);
  }
}

async function heal(rounds: number): Promise<number[]> {
  const service = await docker.createService(spec(3, '0'));
  const took: number[] = [];
  try {
    await until(async () => (await running()).length === 3, 'three replicas');
    for (let turn = 0; turn < rounds; turn++) {
      await sleep(1000);
      const before = await running();
      const known = new Set(before.map(({ Id }) => Id));
      const began = performance.now();
      await docker.getContainer(before[turn % 3]?.Id as string).kill();
      await until(async () => (await running()).some(({ Id }) => !known.has(Id)), 'the next replica');
      took.push(round((performance.now() - began) / 1000, 3));
      await until(async () => (await running()).length === 3, 'three replicas');
    }
  } finally {
    await service.remove();
  }
  return took;
}

async function update(rounds: number): Promise<number[]> {
  const service = await docker.createService(spec(10, '0'));
  const took: number[] = [];
  try {
    await until(async () => (await running()).length === 10, 'ten replicas');
    for (let turn = 1; turn <= rounds; turn++) {
      const { Version } = await service.inspect();
      const began = performance.now();
      await service.update({ version: Version.Index, ...spec(10, String(turn)) });
      await until(
        async () => (await service.inspect()).UpdateStatus?.State === 'completed',
        `update ${turn}`,
      );
      took.push(round((performance.now() - began) / 1000));
      await until(async () => (await running()).length === 10, 'the old replicas to be gone');
    }
  } finally {
    await service.remove();
  }
  return took;
}

await makeImages();
await docker.swarmInit({ AdvertiseAddr: '127.0.0.1', ListenAddr: '127.0.0.1:2377' });
try {
  if (networks.length > 0) await docker.createNetwork({ Name: NAME, Driver: 'overlay' });
  const healSeconds = await heal(Number(values.rounds ?? 10));
  console.error(`heal: ${healSeconds.join(', ')} s`);
  const updateSeconds = await update(Number(values.updates ?? 3));
  console.error(`update: ${updateSeconds.join(', ')} s`);
  const medians = { heal: median(healSeconds), update: median(updateSeconds) };
  console.log(
    JSON.stringify({
      bench: 'swarm',
      network: networks.length > 0,
      medianSeconds: medians,
      healSeconds,
      updateSeconds,
    }),
  );
} finally {
  await docker.swarmLeave({ force: true });
}
