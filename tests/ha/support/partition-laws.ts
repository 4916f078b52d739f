import type { StoreEvent } from '@gantry/core/contracts';
import { isFinal, type Node, type Service, type Task, templateHash } from '@gantry/core/model';
import type { TaskProcess } from './processes.ts';
import type { Cut } from './schedule.ts';

/** Signs of life are given every 2 s, more or less. */
const ONE_LOST_MS = 1500;

/** An agent that heard nothing, from one moment to another. */
export interface Isolation {
  readonly node: string;
  /** The agent may know of writes up to this revision, and knows of none after it. */
  readonly revision: number;
  /** What ran there when it began, and when it ended. */
  readonly before: readonly TaskProcess[];
  readonly after: readonly TaskProcess[];
}

/** Everything that was stored, write by write. */
class Replay {
  readonly tasks = new Map<string, Task>();
  readonly nodes = new Map<string, Node>();
  service: Service | undefined;

  take({ key, value }: StoreEvent): void {
    const [folder, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    if (folder === 'tasks') put(this.tasks, name, value as Task | undefined);
    if (folder === 'nodes') put(this.nodes, name, value as Node | undefined);
    if (key === 'services/web') this.service = value as Service | undefined;
  }
}

/** Processes that an agent has ended or restarted without a request from before it was partitioned. Pure. */
export function endedWhileCut(events: readonly StoreEvent[], cut: Isolation): readonly string[] {
  const replay = new Replay();
  for (const event of events) if (event.revision <= cut.revision) replay.take(event);
  const still = new Set(cut.after.map(({ pid }) => pid));
  return cut.before.flatMap(({ task, pid }) => {
    const known = replay.tasks.get(task);
    const told = known === undefined || known.spec.desired === 'shutdown' || isFinal(known.status.state);
    if (told || still.has(pid)) return [];
    return [`${task} on ${cut.node}: process ${pid} was ended while the agent was cut off`];
  });
}

/** Tasks that have ended other than by being told to. `since`: what is before was judged. Pure. */
export function endedUntold(events: readonly StoreEvent[], since: number): readonly string[] {
  return events.flatMap(({ key, value, revision }) => {
    if (revision <= since || !key.startsWith('tasks/') || value === undefined) return [];
    const { spec, status } = value as Task;
    const untold = isFinal(status.state) && (status.state !== 'shutdown' || spec.desired !== 'shutdown');
    return untold ? [`${key} at ${revision} is ${status.state}: ${status.message ?? ''}`] : [];
  });
}

/**
 * Tasks that were told to stop without a reason: the service still wants their template and their slot, no other task has
 * taken their place, and their node was not down since. Pure.
 */
export function stoppedWithoutReason(events: readonly StoreEvent[], since: number): readonly string[] {
  const replay = new Replay();
  const wereDown = new Set<string>();
  const found: string[] = [];
  for (const event of events) {
    const name = event.key.slice(event.key.indexOf('/') + 1);
    const before = replay.tasks.get(name);
    replay.take(event);
    for (const { meta, status } of replay.nodes.values()) {
      if (status.state === 'down') wereDown.add(meta.name);
      else if (event.revision <= since) wereDown.delete(meta.name);
    }
    const after = replay.tasks.get(name);
    const told = before?.spec.desired === 'running' && after?.spec.desired === 'shutdown';
    if (!event.key.startsWith('tasks/') || !told || event.revision <= since) continue;
    if (wereDown.has(after.spec.node ?? '') || !isWanted(after, replay)) continue;
    found.push(`${event.key} on ${after.spec.node} at ${event.revision}: ${after.status.message ?? ''}`);
  }
  return found;
}

/** A node that was taken for down, and why. */
export interface Down {
  readonly node: string;
  readonly message: string;
}

/** Each time a node went down. Pure. */
export function nodesDown(events: readonly StoreEvent[], since: number): readonly Down[] {
  const replay = new Replay();
  return events.flatMap((event) => {
    const node = event.key.slice(event.key.indexOf('/') + 1);
    const was = replay.nodes.get(node)?.status.state;
    replay.take(event);
    const is = replay.nodes.get(node)?.status;
    const isNews = event.key.startsWith('nodes/') && is?.state === 'down' && was !== 'down';
    return isNews && event.revision > since ? [{ node, message: is.message }] : [];
  });
}

/**
 * Nodes that were marked down although at most one heartbeat can have been lost: the path between them and the leader
 * was cut for less than the interval between two heartbeats, all cuts together. Pure.
 */
export function downTooSoon(
  downs: readonly Down[],
  cuts: readonly Cut[],
  agents: readonly string[],
): readonly string[] {
  return downs.flatMap(({ node, message }) => {
    const between = cuts.filter(
      ({ what, index }) => what.endsWith('-nats') && (what !== 'agent-nats' || agents[index] === node),
    );
    const cutMs = between.reduce((sum, { forMs }) => sum + forMs, 0);
    return cutMs < ONE_LOST_MS ? [`${node} is down after ${cutMs} ms without NATS: ${message}`] : [];
  });
}

function isWanted(task: Task, { service, tasks }: Replay): boolean {
  if (service === undefined || Number(task.spec.slot) > service.spec.replicas) return false;
  if (templateHash(service.spec.template) !== task.spec.template) return false;
  const rival = ({ meta, spec, status }: Task): boolean =>
    meta.name !== task.meta.name &&
    spec.slot === task.spec.slot &&
    spec.template === task.spec.template &&
    spec.desired === 'running' &&
    !isFinal(status.state);
  return ![...tasks.values()].some(rival);
}

function put<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
