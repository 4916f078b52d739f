import type { Store } from '@gantry/core';
import { isFinal, type Node, type Service, STORE_KEYS, type Task, templateHash } from '@gantry/core/model';
import type { TaskProcess } from './processes.ts';
import type { Wanted } from './web-service.ts';

/** What is stored, as of one revision, and what runs. */
export interface Picture {
  readonly revision: number;
  readonly service: Service | undefined;
  readonly tasks: readonly Task[];
  readonly nodes: readonly Node[];
  /** Holder of the lease; empty if there is none. */
  readonly holder: string;
  readonly processes: readonly TaskProcess[];
}

export async function takePicture(store: Store, processes: () => readonly TaskProcess[]): Promise<Picture> {
  const { entries, revision } = await store.list('');
  const below = <T>(prefix: string): readonly T[] =>
    entries.filter(({ key }) => key.startsWith(prefix)).map(({ value }) => value as T);
  const [lease] = below<{ readonly holder: string }>(STORE_KEYS.lease);
  return {
    revision,
    service: below<Service>('services/web').at(0),
    tasks: below<Task>('tasks/'),
    nodes: below<Node>('nodes/'),
    holder: lease?.holder ?? '',
    processes: processes(),
  };
}

/** What a service is meant to be; the spec of one that was stored. */
export function wantedOf({ spec }: Service): Wanted {
  return { version: spec.template.env.VERSION ?? '', replicas: spec.replicas };
}

/**
 * Differences between a cluster and one that has settled in the wanted state (any of these: an answer may have been
 * lost): exactly one running task for each slot and nothing else, and exactly the processes of these tasks. Pure.
 */
export function unlike(picture: Picture, wanted: readonly Wanted[], nodes: number): readonly string[] {
  const { service, tasks, processes } = picture;
  if (service === undefined) return ['the service is missing'];
  const { version, replicas } = wantedOf(service);
  const found: string[] = [];
  if (!wanted.some((each) => each.version === version && each.replicas === replicas))
    found.push(`the service is stored as ${version} with ${replicas} replicas`);
  if (picture.holder === '') found.push('no leader');
  const ready = picture.nodes.filter(({ status }) => status.state === 'ready').length;
  if (ready !== nodes) found.push(`${ready} of ${nodes} nodes are ready`);
  const { status } = service;
  if (status.ready !== replicas || status.updated !== replicas || status.running !== replicas)
    found.push(
      `of ${replicas} tasks it says: ${status.running} running, ${status.ready} ready, ${status.updated} updated`,
    );
  if (status.update !== undefined && /paused|rollback/.test(status.update.state))
    found.push(`its update is ${status.update.state}: ${status.update.message}`);

  const hash = templateHash(service.spec.template);
  const slots = new Map<string, number>();
  for (const task of tasks) {
    if (isFinal(task.status.state)) continue;
    const { slot, template, desired, node } = task.spec;
    const { state, ready } = task.status;
    slots.set(slot, (slots.get(slot) ?? 0) + 1);
    if (desired !== 'running' || state !== 'running' || !ready || template !== hash)
      found.push(
        `${task.meta.name} on ${node} is to be ${desired}, is ${state}, ${ready ? '' : 'not '}ready`,
      );
  }
  // Which slots are left after a scale-down depends on what they were like then.
  for (const [slot, count] of slots) if (count !== 1) found.push(`slot ${slot} has ${count} tasks`);
  if (slots.size !== replicas) found.push(`there are ${slots.size} slots: ${[...slots.keys()].join(', ')}`);
  return [...found, ...unlikeProcesses(tasks, processes)];
}

function unlikeProcesses(tasks: readonly Task[], processes: readonly TaskProcess[]): readonly string[] {
  const name = (node: string | undefined, task: string, pid: number | undefined): string =>
    `${task} on ${node} as process ${pid}`;
  const stored = new Set(
    tasks
      .filter(({ status }) => status.state === 'running')
      .map(({ meta, spec, status }) => name(spec.node, meta.name, status.pid)),
  );
  const real = new Set(processes.map(({ node, task, pid }) => name(node, task, pid)));
  return [
    ...[...stored].filter((each) => !real.has(each)).map((each) => `missing: ${each}`),
    ...[...real].filter((each) => !stored.has(each)).map((each) => `unknown: ${each}`),
  ];
}
