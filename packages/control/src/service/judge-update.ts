import type { PlanInput } from './service-plan.ts';
import type { SlotView } from './slot-view.ts';
import { advance, failureOf, isCurrent, isMoving, isNew, policyOf, type Target } from './update.ts';
import type { Verdict } from './verdict.ts';

/** Evaluates an update in progress. */
export function judgeUpdate(
  views: readonly SlotView[],
  verdicts: readonly Verdict[],
  { service, now }: Pick<PlanInput, 'service' | 'now'>,
  target: Target,
  { settled, overdue }: { readonly settled: number; readonly overdue: string | undefined },
) {
  const { update } = target;
  if (update === undefined || !isMoving(update)) return { update, rollback: false };
  const policy = policyOf(service.spec, update);
  const mayComplete = service.spec.restart.condition !== 'any';
  let failed = 0;
  let failure: string | undefined;
  views.forEach(({ slot }, index) => {
    for (const task of [...slot.ended, ...slot.live]) {
      if (task.spec.desired === 'shutdown' || !isCurrent(task, target) || !isNew(task, target)) continue;
      const verdict = verdicts[index] as Verdict;
      const isHopeless = verdict.state === 'failed' && verdict.task === task;
      const why = failureOf(task, policy, mayComplete) ?? (isHopeless ? verdict.message : undefined);
      if (why === undefined) continue;
      failed++;
      failure ??= `${task.meta.name}: ${why}`;
      return;
    }
  });
  return advance(update, policy, { slots: views.length, failed, settled, failure, overdue }, now);
}
