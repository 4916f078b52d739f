import type { Task } from '@gantry/core/model';
import { type Draft, wakeAt } from './draft.ts';
import type { Proof } from './proof.ts';
import { decideRestart } from './restart.ts';
import { writeOff } from './retire-slot.ts';
import type { PlanInput } from './service-plan.ts';
import type { SlotView } from './slot-view.ts';
import { isCurrent, isPaused, policyOf, type Target } from './update.ts';
import { CRASH_LOOP_FAILURES } from './verdict.ts';

/** Number of ended tasks of a slot that are kept, for their logs and for the count of restarts. */
const KEEP_ENDED = 2;

interface Settling {
  readonly draft: Draft;
  /** Number of further slots that may start to change. */
  readonly budget: { left: number };
  readonly proof: Proof;
  /** Slots that may get a new task now; all of them, if undefined. */
  readonly open: ReadonlySet<string> | undefined;
}

/** Determines the needs of one wanted slot. */
export function settleSlot(
  view: SlotView,
  input: PlanInput,
  target: Target,
  { draft, budget, proof, open }: Settling,
): void {
  const { slot, fresh, old: olds } = view;
  const { service, fitness, now } = input;
  writeOff(slot, fitness, draft);
  if (slot.ended.length > KEEP_ENDED) draft.remove.push(...slot.ended.slice(0, -KEEP_ENDED));

  if (fresh !== undefined) {
    replace(view, fresh, input, target, { draft, proof });
    return;
  }
  // An update that is overtaken by another one leaves two earlier tasks; one is enough until the new one is ready.
  const best = olds.findLast((task) => task.status.ready) ?? olds.at(-1);
  for (const task of olds) if (task !== best) draft.shutdown.push({ task, why: 'another one serves' });
  const old = best === undefined ? [] : [best];
  if (open?.has(slot.id) === false) return;
  const moves = old.some(({ spec }) => spec.node !== undefined && fitness(spec.node) === 'draining');
  if (old.length > 0 && !moves && budget.left <= 0) return;
  const stopFirst = old.length > 0 && policyOf(service.spec, target.update).order === 'stop-first';
  if (stopFirst && moves) {
    for (const task of old) draft.shutdown.push({ task, why: 'its node is drained' });
    return;
  }
  if (old.length === 0 && slot.leaving.length > 0) return; // one at a time: the next one comes when it has ended
  const { last } = slot;
  const byItself = last !== undefined && !old.includes(last) && !slot.lost.includes(last);
  const decision = byItself
    ? decideRestart(last, service.spec.restart, target)
    : ({ restart: true, at: 0, restarts: 0 } as const);
  if (!decision.restart) {
    const isDone = last?.status.state === 'complete' && isCurrent(last, target);
    if (isDone)
      for (const task of old) draft.shutdown.push({ task, why: 'the task that replaces it has completed' });
    return;
  }
  if (decision.at > now) {
    wakeAt(draft, decision.at);
    const crashLoop = decision.restarts >= CRASH_LOOP_FAILURES && last?.status.state !== 'rejected';
    if (last !== undefined && last.status.retryAt !== decision.at)
      draft.delay.push({ task: last, retryAt: decision.at, crashLoop });
    return;
  }
  if (old.length > 0 && !moves) budget.left--;
  for (const task of old) if (!task.status.ready) draft.shutdown.push({ task, why: 'it was replaced' });
  const moved = moves ? old[0] : undefined;
  draft.create.push({
    slot: slot.id,
    attempt: (last?.spec.attempt ?? 0) + 1,
    restarts: decision.restarts,
    desired: stopFirst ? 'prepared' : 'running',
    after:
      moved !== undefined
        ? { task: moved, why: 'move' }
        : byItself && decision.restarts > 0
          ? { task: last, why: 'restart' }
          : undefined,
  });
}

/** Hands a slot over from the earlier tasks to the new one. */
function replace(
  { slot, old }: SlotView,
  fresh: Task,
  { service, fitsWithout = () => undefined }: PlanInput,
  target: Target,
  { draft, proof }: Pick<Settling, 'draft' | 'proof'>,
): void {
  const waits = fresh.spec.desired === 'prepared';
  if (waits && old.length === 0 && slot.leaving.length === 0) {
    draft.promote.push(fresh);
    return;
  }
  // A serving task keeps serving until the new one serves and has proven itself; any other one is surplus.
  for (const task of old) {
    if ((fresh.status.ready && proof.mayReplace(fresh)) || !task.status.ready)
      draft.shutdown.push({ task, why: 'it was replaced' });
  }
  const serving = old.filter(({ status }) => status.ready);
  if (fresh.status.ready || serving.length === 0) return;
  if (isPaused(target.update) || service.spec.paused) return;
  if (waits && fresh.status.reason === 'Prepared') {
    for (const task of serving) draft.shutdown.push({ task, why: 'it is updated' });
    return;
  }
  if (fresh.status.state !== 'pending' || fresh.status.reason === undefined) return;
  const node = fitsWithout(fresh, serving);
  if (node !== undefined) {
    const [first] = serving as [Task];
    const why = `does not fit beside ${first.meta.name}: that one is stopped as soon as this one is prepared`;
    draft.place.push({ task: fresh, node, why });
  }
}
