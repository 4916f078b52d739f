import type { ServiceSpec, Task } from '@gantry/core/model';
import type { Slot } from './slots.ts';
import { isCurrent, isPaused, policyOf, type Target } from './update.ts';

/** What the new version of a service has demonstrated so far. */
export interface Proof {
  /** Whether further slots may change. */
  readonly mayGoOn: boolean;
  /** Whether a serving task may be stopped for this one, which is ready. */
  mayReplace(fresh: Task): boolean;
}

/**
 * Decides whether an update may go beyond its first slots: one of its tasks has stayed ready for `monitorMs`, or has
 * completed if it may. Until then no serving task is stopped for it, and no further slot is changed, so that a version
 * that fails soon after its start replaces nothing. While the update is paused, each task has to prove itself. A return
 * to an earlier template needs no proof: that template has run before. Pure.
 */
export function proofOf(
  slots: readonly { readonly slot: Slot; readonly fresh: Task | undefined }[],
  spec: ServiceSpec,
  target: Target,
  now: number,
): Proof {
  const { update } = target;
  const { monitorMs } = policyOf(spec, update);
  const hasStayed = ({ status }: Task): boolean => status.ready && status.since + monitorMs <= now;
  if (isPaused(update)) return { mayGoOn: false, mayReplace: hasStayed };
  if (update?.state !== 'updating') return { mayGoOn: true, mayReplace: () => true };
  const mayComplete = spec.restart.condition !== 'any';
  const proven = slots.some(({ slot, fresh }) => {
    if (fresh !== undefined) return fresh.meta.createdAt >= update.startedAt && hasStayed(fresh);
    const last = slot.ended.at(-1);
    return mayComplete && last?.status.state === 'complete' && isCurrent(last, target);
  });
  return { mayGoOn: proven, mayReplace: () => proven };
}
