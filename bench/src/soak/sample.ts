import { readdir } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { PartProcess } from '../../../tests/ha/support/part-process.ts';
import { etcdSample, natsSample } from './engines.ts';
import { heapOf } from './heap.ts';
import type { Look } from './look.ts';
import { procOf } from './proc.ts';
import type { Restarts } from './restarts.ts';
import type { World } from './world.ts';

/** The state of the whole settled cluster. */
export interface Sample {
  /** Minutes since the beginning. */
  readonly minutes: number;
  readonly measures: Readonly<Record<string, number>>;
  /** File descriptors and resources of the steady server and agent by kind, for finding out what has grown. */
  readonly details: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const MIB = 2 ** 20;
const KIB = 2 ** 10;
/** Directories in which runtime-process creates its cgroups, on this machine or another. */
const CGROUPS = ['/sys/fs/cgroup/gantry', '/sys/fs/cgroup/cpu/gantry', '/sys/fs/cgroup/memory/gantry'];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

export async function takeSample(
  world: World,
  { steady }: Restarts,
  look: Look,
  minutes: number,
): Promise<Sample> {
  const measures: Record<string, number> = {};
  const details: Record<string, Readonly<Record<string, number>>> = {};
  for (const [role, part] of Object.entries(steady)) {
    const heap = await heapOf(world.heaps, part.pid);
    const resources = counted(heap.resources);
    const { rssBytes, threads, fds } = await procOf(part.pid);
    Object.assign(measures, {
      [`${role}.rssMiB`]: rssBytes / MIB,
      [`${role}.heapMiB`]: heap.heapUsed / MIB,
      [`${role}.externalMiB`]: heap.external / MIB,
      [`${role}.fds`]: sum(fds),
      [`${role}.threads`]: threads,
      [`${role}.resources`]: sum(resources),
    });
    Object.assign(details, { [`${role}.fds`]: fds, [`${role}.resources`]: resources });
  }
  collect();
  const { heapUsed } = process.memoryUsage();
  const own = await procOf(process.pid);
  Object.assign(
    measures,
    { 'client.heapMiB': heapUsed / MIB, 'client.fds': sum(own.fds) },
    await natsSample(world.natsMonitor),
    world.etcd === undefined ? {} : await etcdSample(world.etcd.urls[0] as string),
    {
      'api.streams': look.streams,
      'tasks.processes': look.processes.length,
      'tasks.zombies': look.zombies,
      'tasks.cgroups': await cgroupsOf(world.ha.agents[0] as PartProcess),
      'tasks.ended': look.endedTasks,
      'agents.filesPerTask': look.filesPerTask,
      'agents.KiBPerTask': look.bytesPerTask / KIB,
      'store.usedTemplates': look.store.usedTemplates,
      'store.KiB': look.store.bytes / KIB,
      'store.eventsKiB': look.store.eventBytes / KIB,
    },
    Object.fromEntries(Object.entries(look.store.counts).map(([kind, count]) => [`store.${kind}`, count])),
  );
  return { minutes, measures, details };
}

/** The shared parts of the machine: cgroups of tasks of this cluster. */
async function cgroupsOf({ config }: PartProcess): Promise<number> {
  const names = await Promise.all(CGROUPS.map((folder) => readdir(folder).catch(() => [])));
  return names.flat().filter((name) => name.startsWith(`${config.cluster}.`)).length;
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
