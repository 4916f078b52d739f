import type { Task } from '@gantry/core/model';
import type { NodeFitness, Slot } from '../../slots.ts';
import type { FitnessOf, ModeInput, WantedSlots } from '../service-mode.ts';

/**
 * Maximum number of tasks of a service beyond those that have a node, so that a service that requests more than fits
 * into the cluster cannot fill the store and the memory of the control plane.
 */
export const MAX_UNPLACED = 100_000;

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * Chooses the slots of a replicated service. Existing ones stay; a larger count adds the lowest free numbers; a smaller
 * one removes slots that are not ready first, then the youngest; among equals, those on drained, cordoned and crowded
 * nodes first. A node is the more crowded the more tasks of this service it has. Pure, and independent of the order of
 * `slots`.
 */
export function replicatedSlots({
  service,
  slots,
  fitness,
}: Pick<ModeInput, 'service' | 'slots' | 'fitness'>): WantedSlots {
  const { replicas: total } = service.spec;
  let placed = 0;
  let highest = 0;
  const held: Slot[] = [];
  for (const slot of slots.values()) {
    if (!isHeld(slot)) continue;
    held.push(slot);
    highest = Math.max(highest, Number(slot.id));
    if (slot.live.some((task) => task.spec.node !== undefined)) placed++;
  }
  const goal = Math.min(total, Math.max(held.length, placed + MAX_UNPLACED));
  if (held.length > goal) return { ...keepBest(held, goal, fitness), total };
  if (highest <= goal) return { wanted: numbered(goal), removed: NONE, total };
  const wanted = new Set(held.map(({ id }) => id).sort((a, b) => Number(a) - Number(b)));
  for (let number = 1; wanted.size < goal; number++) wanted.add(String(number));
  return { wanted, removed: NONE, total };
}

function numbered(count: number): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let number = 1; number <= count; number++) ids.add(String(number));
  return ids;
}

/** Whether a slot belongs to the service, or only has tasks that are being removed. */
function isHeld({ live, lost, ended, last }: Slot): boolean {
  if (live.length > 0 || lost.some(({ spec }) => spec.desired !== 'shutdown')) return true;
  return last !== undefined && last.spec.desired !== 'shutdown' && ended.length > 0;
}

interface Ranked {
  readonly id: string;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly place: number;
  readonly node: string | undefined;
  /** Number of tasks of the service that its node keeps before this one. */
  crowd: number;
}

function keepBest(
  held: readonly Slot[],
  count: number,
  fitness: FitnessOf,
): Pick<WantedSlots, 'wanted' | 'removed'> {
  const ranked = held
    .map((slot) => ranking(slot, fitness))
    .sort((a, b) => compare(a, b) || Number(a.id) - Number(b.id));
  const onNode = new Map<string, number>();
  for (const each of ranked) {
    if (each.node === undefined) continue;
    each.crowd = onNode.get(each.node) ?? 0;
    onNode.set(each.node, each.crowd + 1);
  }
  ranked.sort((a, b) => compare(a, b) || a.crowd - b.crowd || Number(a.id) - Number(b.id));
  const removed = new Map(ranked.slice(count).map((each) => [each.id, reasonOf(each, ranked[count - 1])]));
  const wanted = new Set(held.map(({ id }) => id).filter((id) => !removed.has(id)));
  return { wanted, removed };
}

const PLACES: Readonly<Record<NodeFitness, number>> = Object.freeze({
  usable: 0,
  cordoned: 1,
  draining: 2,
  down: 3,
  gone: 4,
});

function ranking({ id, live, lost, ended }: Slot, fitness: FitnessOf): Ranked {
  const task: Task | undefined =
    live.findLast(({ status }) => status.ready) ?? live.at(-1) ?? lost.at(-1) ?? ended.at(-1);
  const node = task?.spec.node;
  return {
    id,
    ready: live.some(({ status }) => status.ready) || ended.at(-1)?.status.state === 'complete',
    createdAt: task?.meta.createdAt ?? 0,
    place: node === undefined ? 0 : PLACES[fitness(node)],
    node,
    crowd: 0,
  };
}

/** Orders slots: the one to keep comes first. */
function compare(a: Ranked, b: Ranked): number {
  return Number(b.ready) - Number(a.ready) || a.createdAt - b.createdAt || a.place - b.place;
}

/** Returns the difference to the last slot that is kept, as the reason for the removal. */
function reasonOf({ ready, createdAt, place, node, crowd }: Ranked, kept: Ranked | undefined): string {
  if (kept === undefined) return 'scaled down to 0';
  if (!ready && kept.ready) return 'scaled down: it was not ready';
  if (createdAt > kept.createdAt) return 'scaled down: it was younger than the others';
  if (place > kept.place && place === PLACES.draining) return `scaled down: node ${node} is drained`;
  if (place > kept.place && place === PLACES.cordoned) return `scaled down: node ${node} is cordoned`;
  if (place > kept.place) return `scaled down: node ${node} is down`;
  if (crowd > kept.crowd) return `scaled down: node ${node} has ${crowd} more of this service`;
  return 'scaled down: its slot has the highest number';
}
