import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { round } from './support.ts';
import { IMAGE, Load, PORT, serving } from './web.ts';

const NAME = 'gantry-bench-heal';
const LABELS = { 'gantry-bench': 'heal' };

/**
 * The measurement of `heal`, by hand: three containers on a network of their own, two of them under the same load; the
 * third is killed, the next is created and started as soon as the engine reports the exit, and polled until it answers.
 *
 * @returns times from each kill to the answer, in seconds
 */
export async function healByHand(rounds: number): Promise<number[]> {
  const docker = new Docker();
  const network = await docker.createNetwork({ Name: NAME, Labels: LABELS });
  const start = async (): Promise<Docker.Container> => {
    const container = await docker.createContainer({
      Image: IMAGE,
      Cmd: serving('v1'),
      Labels: LABELS,
      HostConfig: { Init: true, NetworkMode: NAME },
    });
    await container.start();
    return container;
  };
  const seconds: number[] = [];
  try {
    const hosts = await Promise.all([start(), start()].map(async (each) => addressOf(await each)));
    let victim = await start();
    const loads = hosts.map((host) => new Load(PORT, 1, 5, host));
    for (let i = 0; i < rounds; i++) {
      await sleep(500);
      const events = await docker.getEvents({ filters: { container: [victim.id], event: ['die'] } });
      const died = new Promise((resolve) => events.once('data', resolve));
      const began = performance.now();
      const killed = victim.kill();
      await died;
      victim = await start();
      await answer(await addressOf(victim));
      seconds.push(round((performance.now() - began) / 1000, 3));
      await killed;
      (events as Readable).destroy();
    }
    await Promise.all(loads.map((load) => load.stop()));
  } finally {
    const made = await docker.listContainers({ all: true, filters: { label: ['gantry-bench=heal'] } });
    await Promise.all(made.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
    await network.remove();
  }
  return seconds;
}

async function addressOf(container: Docker.Container): Promise<string> {
  const { NetworkSettings } = await container.inspect();
  return NetworkSettings.Networks[NAME]?.IPAddress as string;
}

/** Returns when a web server answers there. */
async function answer(host: string): Promise<void> {
  for (;;) {
    try {
      await fetch(`http://${host}:${PORT}/`);
      return;
    } catch {
      await sleep(5);
    }
  }
}
