import type { Draft } from './draft.ts';
import type { FitnessOf } from './modes/service-mode.ts';
import type { PlanInput } from './service-plan.ts';
import type { Slot } from './slots.ts';

/** Decides about the tasks of a slot that is not wanted. */
export function retireSlot(
  slot: Slot,
  reason: string | undefined,
  { service, fitness }: Pick<PlanInput, 'service' | 'fitness'>,
  draft: Draft,
): void {
  const deleted = service.meta.deletedAt !== undefined;
  const why = deleted ? 'the service was deleted' : (reason ?? 'the service was scaled down');
  const notable = reason === undefined ? {} : ({ notable: true } as const);
  for (const task of slot.live) draft.shutdown.push({ task, why, ...notable });
  if (deleted) draft.remove.push(...slot.lost);
  else writeOff(slot, fitness, draft);
  draft.remove.push(...slot.ended);
}

/**
 * Tasks on nodes that are down are asked to stop, in case the node returns; those on nodes that are gone are written
 * off.
 */
export function writeOff(slot: Slot, fitness: FitnessOf, draft: Draft): void {
  for (const task of slot.lost) {
    if (task.spec.node !== undefined && fitness(task.spec.node) === 'gone') draft.orphan.push(task);
    else if (task.spec.desired === 'running') draft.shutdown.push({ task, why: 'its node is down' });
  }
}
