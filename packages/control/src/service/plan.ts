import type { Service, ServiceStatus, Task } from '@gantry/core';
import { decideRestart } from './restart.ts';
import { emptySlot, type NodeFitness, type Slot, slotsOf } from './slots.ts';
import { statusOf } from './status.ts';
import {
  advance,
  failureOf,
  isCurrent,
  isMoving,
  isPaused,
  policyOf,
  type Target,
  targetOf,
} from './update.ts';

/** How many ended tasks of a slot are kept, for their logs and for the count of restarts. */
const KEEP_ENDED = 2;

export interface PlanInput {
  readonly service: Service;
  /** Hash of the service's template. */
  readonly template: string;
  readonly tasks: Iterable<Task>;
  readonly fitness: (node: string) => NodeFitness;
  /** For a global service: the nodes it belongs on, and whether a new task may start there now. */
  readonly globalSlots: ReadonlyMap<string, boolean>;
  /** What its first tasks have to wait for, in words. */
  readonly waitsFor?: string | undefined;
  /** ms since the epoch. */
  readonly now: number;
  /** Since when somebody has listened to what agents report, ms since the epoch. Default: always. */
  readonly seenSince?: number | undefined;
}

export interface TaskDraft {
  readonly slot: string;
  readonly attempt: number;
  readonly restarts: number;
}

/** Everything that is to be done for a service now; doing it twice does no harm. */
export interface ServicePlan {
  readonly create: readonly TaskDraft[];
  readonly shutdown: readonly { readonly task: Task; readonly why: string }[];
  /** Their node is gone: nobody will report on them. */
  readonly orphan: readonly Task[];
  readonly remove: readonly Task[];
  readonly target: Target;
  readonly status: ServiceStatus;
  /** Go back to this template. */
  readonly rollbackTo: string | undefined;
  /** All its tasks are gone, and so may the service be. */
  readonly gone: boolean;
  /** Look again after this, ms. */
  readonly againAfterMs: number | undefined;
}

interface Draft {
  create: TaskDraft[];
  shutdown: { task: Task; why: string }[];
  orphan: Task[];
  remove: Task[];
  wake: number;
}

interface SlotView {
  readonly slot: Slot;
  /** The task that is what the service wants, on a node where it may stay. */
  readonly fresh: Task | undefined;
  /** Live tasks that have to go, once there is a fresh one. */
  readonly old: readonly Task[];
}

/**
 * Compares what a service should be with what it is, and says what to do. Pure: the same input gives the same plan, and
 * carrying a plan out leads to an input with less to do.
 */
export function planService(input: PlanInput): ServicePlan {
  const { service, now } = input;
  const target = targetOf(service, input.template, now);
  const slots = slotsOf(input.tasks, lenientFor(service, input.fitness));
  const draft: Draft = { create: [], shutdown: [], orphan: [], remove: [], wake: Number.POSITIVE_INFINITY };
  const wanted = service.meta.deletedAt === undefined ? wantedSlots(input, slots) : new Set<string>();
  for (const slot of slots.values()) if (!wanted.has(slot.id)) retire(slot, input, draft);
  const views: SlotView[] = [];
  for (const id of wanted) views.push(viewOf(slots.get(id) ?? emptySlot(id), target, input.fitness));

  const outcome = judge(views, input, target, draft);
  const budget = budgetOf(views, input, { ...target, update: outcome.update }, draft);
  const waiting = slots.size === 0 ? input.waitsFor : undefined;
  if (waiting === undefined) {
    for (const view of views) settle(view, input, target, outcome.update, budget, draft);
  }

  return {
    create: draft.create,
    shutdown: draft.shutdown,
    orphan: draft.orphan,
    remove: draft.remove,
    target: { ...target, update: outcome.update },
    status: statusOf(
      service,
      { ...target, update: outcome.update },
      views.map(({ slot, fresh }) => ({ live: slot.live, fresh })),
      now,
      waiting,
    ),
    rollbackTo: outcome.rollback ? outcome.update?.from : undefined,
    gone: service.meta.deletedAt !== undefined && slots.size === 0,
    againAfterMs: draft.wake === Number.POSITIVE_INFINITY ? undefined : Math.max(1, draft.wake - now),
  };
}

/** The tasks of a global service stay where they are while their node is down: there is nowhere else for them. */
function lenientFor(service: Service, fitness: PlanInput['fitness']): PlanInput['fitness'] {
  if (service.spec.mode === 'replicated' || service.meta.deletedAt !== undefined) return fitness;
  return (node) => {
    const at = fitness(node);
    return at === 'down' ? 'usable' : at;
  };
}

function wantedSlots({ service, globalSlots }: PlanInput, slots: ReadonlyMap<string, Slot>): Set<string> {
  if (service.spec.mode === 'global') {
    const stays = (id: string): boolean =>
      globalSlots.get(id) === true || (slots.get(id)?.live.length ?? 0) > 0;
    return new Set([...globalSlots.keys()].filter(stays));
  }
  return new Set(Array.from({ length: service.spec.replicas }, (_, index) => String(index + 1)));
}

function retire(slot: Slot, { service, fitness }: PlanInput, draft: Draft): void {
  const deleted = service.meta.deletedAt !== undefined;
  const why = deleted ? 'the service was deleted' : 'the service was scaled down';
  for (const task of slot.live) draft.shutdown.push({ task, why });
  if (deleted) draft.remove.push(...slot.lost);
  else writeOff(slot, fitness, draft);
  draft.remove.push(...slot.ended);
}

/** Tasks on nodes that are down are told to stop, should the node return; those on nodes that are gone are written off. */
function writeOff(slot: Slot, fitness: PlanInput['fitness'], draft: Draft): void {
  for (const task of slot.lost) {
    if (task.spec.node !== undefined && fitness(task.spec.node) === 'gone') draft.orphan.push(task);
    else if (task.spec.desired === 'running') draft.shutdown.push({ task, why: 'its node is down' });
  }
}

function viewOf(slot: Slot, target: Target, fitness: PlanInput['fitness']): SlotView {
  const stays = (task: Task): boolean =>
    isCurrent(task, target) && (task.spec.node === undefined || fitness(task.spec.node) !== 'draining');
  const [only] = slot.live;
  if (slot.live.length === 1 && only !== undefined) {
    return stays(only) ? { slot, fresh: only, old: [] } : { slot, fresh: undefined, old: slot.live };
  }
  const current = slot.live.filter(stays);
  const fresh = current.findLast((task) => task.status.ready) ?? current.at(-1);
  return { slot, fresh, old: slot.live.filter((task) => task !== fresh) };
}

/** Looks at how a moving update is doing. */
function judge(
  views: readonly SlotView[],
  { service, now, seenSince = 0 }: PlanInput,
  target: Target,
  draft: Draft,
) {
  const { update } = target;
  if (update === undefined || !isMoving(update)) return { update, rollback: false };
  const policy = policyOf(service.spec, update);
  let failed = 0;
  let settled = 0;
  let failure: string | undefined;
  for (const { slot, fresh, old } of views) {
    const fresher = [...slot.ended, ...slot.live].filter(
      (task) =>
        isCurrent(task, target) && task.spec.desired === 'running' && task.meta.createdAt >= update.startedAt,
    );
    for (const task of fresher) {
      const why = failureOf(task, policy, now, seenSince);
      if (why === undefined) continue;
      failed++;
      failure ??= `${task.meta.name}: ${why}`;
      break;
    }
    if (fresh === undefined) continue;
    const { runningAt = now, ready } = fresh.status;
    const watchedUntil = (ready ? runningAt : Math.max(runningAt, seenSince)) + policy.monitorMs;
    if (ready && old.length === 0 && slot.leaving.length === 0 && watchedUntil <= now) settled++;
    else if (watchedUntil > now && fresh.status.runningAt !== undefined) wakeAt(draft, watchedUntil);
  }
  return advance(update, policy, { slots: views.length, failed, settled, failure }, now);
}

/** How many more slots may begin to change now. */
function budgetOf(views: readonly SlotView[], { service, now }: PlanInput, target: Target, draft: Draft) {
  if (isPaused(target.update) || service.spec.paused) return { left: 0 };
  const policy = policyOf(service.spec, target.update);
  if (policy.parallelism === 0) return { left: Number.POSITIVE_INFINITY };
  let inFlux = 0;
  for (const { slot, fresh, old } of views) {
    if (fresh === undefined ? old.length === 0 && changesHands(slot, target) : !fresh.status.ready) inFlux++;
    else if (fresh !== undefined && policy.delayMs > 0 && target.update !== undefined) {
      const restUntil = fresh.status.since + policy.delayMs;
      if (fresh.meta.createdAt >= target.update.startedAt && restUntil > now) {
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

/** What one wanted slot needs. */
function settle(
  { slot, fresh, old: olds }: SlotView,
  input: PlanInput,
  target: Target,
  update: Target['update'],
  budget: { left: number },
  draft: Draft,
): void {
  const { service, fitness, now } = input;
  writeOff(slot, fitness, draft);
  if (slot.ended.length > KEEP_ENDED) draft.remove.push(...slot.ended.slice(0, -KEEP_ENDED));

  if (fresh !== undefined) {
    // What serves goes on serving until the new task does; what does not serve is one too many.
    for (const task of olds) {
      if (fresh.status.ready || !task.status.ready) draft.shutdown.push({ task, why: 'it was replaced' });
    }
    return;
  }
  // An update that another one overtakes leaves two of the past; one is enough until the new one comes.
  const best = olds.findLast((task) => task.status.ready) ?? olds.at(-1);
  for (const task of olds) if (task !== best) draft.shutdown.push({ task, why: 'another one serves' });
  const old = best === undefined ? [] : [best];
  if (service.spec.mode === 'global' && input.globalSlots.get(slot.id) !== true) return;
  const moves = old.some(({ spec }) => spec.node !== undefined && fitness(spec.node) === 'draining');
  if (old.length > 0 && !moves && budget.left <= 0) return;
  if (old.length > 0 && policyOf(service.spec, update).order === 'stop-first') {
    if (!moves) budget.left--;
    for (const task of old)
      draft.shutdown.push({ task, why: moves ? 'its node is drained' : 'it is updated' });
    return;
  }
  if (old.length === 0 && slot.leaving.length > 0) return; // one at a time: the next one comes when it has ended
  const { last } = slot;
  const decision =
    last === undefined || old.includes(last) || slot.lost.includes(last)
      ? ({ restart: true, at: 0, restarts: 0 } as const)
      : decideRestart(last, service.spec.restart, target.template);
  if (!decision.restart) return;
  if (decision.at > now) {
    wakeAt(draft, decision.at);
    return;
  }
  if (old.length > 0 && !moves) budget.left--;
  for (const task of old) if (!task.status.ready) draft.shutdown.push({ task, why: 'it was replaced' });
  draft.create.push({ slot: slot.id, attempt: (last?.spec.attempt ?? 0) + 1, restarts: decision.restarts });
}

function wakeAt(draft: Draft, at: number): void {
  draft.wake = Math.min(draft.wake, at);
}
