import { emptyDraft, wakeAt } from './draft.ts';
import { judgeUpdate } from './judge-update.ts';
import { modeOf } from './modes/mode-of.ts';
import type { WantedSlots } from './modes/service-mode.ts';
import { assess, progressOf } from './progress.ts';
import { proofOf } from './proof.ts';
import { retireSlot } from './retire-slot.ts';
import type { PlanInput, ServicePlan } from './service-plan.ts';
import { settleSlot } from './settle-slot.ts';
import { type SlotView, viewOf } from './slot-view.ts';
import { emptySlot, slotsOf } from './slots.ts';
import { statusOf } from './status.ts';
import { policyOf, type Target, targetOf } from './update.ts';
import { budgetOf } from './update-budget.ts';
import { verdictOf } from './verdict.ts';

const NO_IDS: ReadonlySet<string> = new Set();
const NO_REASONS: ReadonlyMap<string, string> = new Map();
/** The slots of a service that was deleted. */
const NO_SLOTS: WantedSlots = Object.freeze({ wanted: NO_IDS, removed: NO_REASONS, total: 0 });

/**
 * Compares the desired state of a service with its actual state, and returns the steps between them. Pure: the same
 * input gives the same plan, and carrying a plan out leads to an input with less to do.
 */
export function planService(input: PlanInput): ServicePlan {
  const { service, now, seenSince = 0 } = input;
  const target = targetOf(service, input.template, now);
  const isDeleted = service.meta.deletedAt !== undefined;
  const mode = modeOf(service.spec);
  const slots = slotsOf(input.tasks, isDeleted ? input.fitness : mode.fitness(input.fitness));
  const draft = emptyDraft();
  const { wanted, removed, total, open } = isDeleted ? NO_SLOTS : mode.wantedSlots({ ...input, slots });
  for (const slot of slots.values()) {
    if (!wanted.has(slot.id)) retireSlot(slot, removed.get(slot.id), input, draft);
  }
  const views: SlotView[] = [];
  for (const id of wanted) views.push(viewOf(slots.get(id) ?? emptySlot(id), target, input.fitness));

  const policy = policyOf(service.spec, target.update);
  const countsFrom = target.isChanged === true ? now : service.status.progress?.bestAt;
  const context = {
    restart: service.spec.restart,
    target,
    monitorMs: policy.monitorMs,
    now,
    ...(countsFrom !== undefined && { countsFrom }),
  };
  const verdicts = views.map((view) => verdictOf(view, context));
  const assessment = assess(verdicts);
  const waiting = slots.size === 0 ? input.waitsFor : undefined;
  const common = { service, assessment, waitsFor: waiting, progressDeadlineMs: policy.progressDeadlineMs };
  const { overdue } = progressOf({ ...common, target, now, seenSince });
  const outcome = judgeUpdate(views, verdicts, input, target, { settled: assessment.settled, overdue });
  const reached: Target = { ...target, update: outcome.update };
  const proof = proofOf(views, service.spec, reached, now);
  const budget = budgetOf(views, input, reached, { draft, proof });
  if (waiting === undefined)
    for (const view of views) settleSlot(view, input, reached, { draft, budget, proof, open });

  const { progress, changesAt } = progressOf({ ...common, target: reached, now, seenSince });
  wakeAt(draft, changesAt);
  const { create, shutdown, place, promote, delay, orphan, remove, wake } = draft;
  return {
    create,
    shutdown,
    place,
    promote,
    delay,
    orphan,
    remove,
    target: reached,
    status: statusOf({
      service,
      target: reached,
      slots: views,
      assessment,
      progress,
      wanted: total,
      now,
      waiting,
    }),
    rollbackTo: outcome.rollback ? outcome.update?.from : undefined,
    gone: isDeleted && slots.size === 0,
    againAfterMs: wake === Number.POSITIVE_INFINITY ? undefined : Math.max(1, wake - now),
  };
}
