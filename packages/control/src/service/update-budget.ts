import type { Draft } from './draft.ts';
import { wakeAt } from './draft.ts';
import type { Proof } from './proof.ts';
import type { PlanInput } from './service-plan.ts';
import type { SlotView } from './slot-view.ts';
import type { Slot } from './slots.ts';
import { isCurrent, isNew, isPaused, policyOf, type Target } from './update.ts';

/** Returns how many further slots may start to change now. */
export function budgetOf(
  views: readonly SlotView[],
  { service, now }: Pick<PlanInput, 'service' | 'now'>,
  target: Target,
  { draft, proof }: { readonly draft: Draft; readonly proof: Proof },
) {
  if (isPaused(target.update) || service.spec.paused) return { left: 0 };
  const policy = policyOf(service.spec, target.update);
  if (policy.parallelism === 0) return { left: Number.POSITIVE_INFINITY };
  let inFlux = 0;
  for (const { slot, fresh, old } of views) {
    if (fresh === undefined ? old.length === 0 && changesHands(slot, target) : !fresh.status.ready) inFlux++;
    else if (!proof.mayGoOn && isNew(fresh, target)) inFlux++;
    else if (fresh !== undefined && policy.delayMs > 0 && target.update !== undefined) {
      const restUntil = fresh.status.since + policy.delayMs;
      if (isNew(fresh, target) && restUntil > now) {
        inFlux++;
        wakeAt(draft, restUntil);
      }
    }
  }
  return { left: policy.parallelism - inFlux };
}

/** Whether the old task of an empty slot has just made room, or is about to. */
function changesHands({ leaving, last }: Slot, target: Target): boolean {
  return leaving.length > 0 || (last !== undefined && !isCurrent(last, target));
}
