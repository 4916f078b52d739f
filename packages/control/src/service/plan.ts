import type { Service, ServiceStatus, Task } from '@gantry/core';
import type { Waiting } from './dependencies.ts';
import { assess, progressOf } from './progress.ts';
import { type Proof, proofOf } from './proof.ts';
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
import { CRASH_LOOP_FAILURES, type Verdict, verdictOf } from './verdict.ts';
import { replicatedSlots, type WantedSlots } from './wanted-slots.ts';

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
  /** What its first tasks have to wait for. */
  readonly waitsFor?: Waiting | undefined;
  /** Whether a task that fits nowhere would fit if these tasks of its slot were gone. Default: never. */
  readonly fitsWithout?: (task: Task, old: readonly Task[]) => boolean;
  /** ms since the epoch. */
  readonly now: number;
  /** Since when somebody has listened to what agents report, ms since the epoch. Default: always. */
  readonly seenSince?: number | undefined;
}

export interface TaskDraft {
  readonly slot: string;
  readonly attempt: number;
  readonly restarts: number;
  /** `prepared`: it is not started before the task that it replaces has ended. */
  readonly desired: 'prepared' | 'running';
  /** Why there is a new task, for tasks that replace one that ended or moves. */
  readonly after?: { readonly task: Task; readonly why: 'restart' | 'move' } | undefined;
}

/** A task that is told to stop. */
export interface Shutdown {
  readonly task: Task;
  readonly why: string;
  /** Worth an event: not merely the next step of an update. */
  readonly notable?: true;
}

/** Everything that is to be done for a service now; doing it twice does no harm. */
export interface ServicePlan {
  readonly create: readonly TaskDraft[];
  readonly shutdown: readonly Shutdown[];
  /** Prepared tasks whose turn has come. */
  readonly promote: readonly Task[];
  /** Ended tasks whose successor is delayed: when it is made, and whether the slot is in a crash loop. */
  readonly delay: readonly { readonly task: Task; readonly retryAt: number; readonly crashLoop: boolean }[];
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
  shutdown: Shutdown[];
  promote: Task[];
  delay: { task: Task; retryAt: number; crashLoop: boolean }[];
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
  const { service, now, seenSince = 0 } = input;
  const target = targetOf(service, input.template, now);
  const slots = slotsOf(input.tasks, lenientFor(service, input.fitness));
  const draft = emptyDraft();
  const { wanted, removed } =
    service.meta.deletedAt === undefined
      ? wantedSlots(input, slots)
      : { wanted: NO_IDS, removed: NO_REASONS };
  for (const slot of slots.values()) {
    if (!wanted.has(slot.id)) retire(slot, removed.get(slot.id), input, draft);
  }
  const views: SlotView[] = [];
  for (const id of wanted) views.push(viewOf(slots.get(id) ?? emptySlot(id), target, input.fitness));

  const policy = policyOf(service.spec, target.update);
  const context = { restart: service.spec.restart, target, monitorMs: policy.monitorMs, now };
  const verdicts = views.map((view) => verdictOf(view, context));
  const assessment = assess(verdicts);
  const waiting = slots.size === 0 ? input.waitsFor : undefined;
  const common = { service, assessment, waitsFor: waiting, progressDeadlineMs: policy.progressDeadlineMs };
  const { overdue } = progressOf({ ...common, target, now, seenSince });
  const outcome = judge(views, verdicts, input, target, { settled: assessment.settled, overdue });
  const reached: Target = { ...target, update: outcome.update };
  const proof = proofOf(views, service.spec, reached, now);
  const budget = budgetOf(views, input, reached, { draft, proof });
  if (waiting === undefined) for (const view of views) settle(view, input, reached, { draft, budget, proof });

  const { progress, changesAt } = progressOf({ ...common, target: reached, now, seenSince });
  wakeAt(draft, changesAt);
  const { wake, ...steps } = draft;
  return {
    ...steps,
    target: reached,
    status: statusOf({
      service,
      target: reached,
      slots: views,
      assessment,
      progress,
      wanted: wantedCount(input, views),
      now,
      waiting,
    }),
    rollbackTo: outcome.rollback ? outcome.update?.from : undefined,
    gone: service.meta.deletedAt !== undefined && slots.size === 0,
    againAfterMs: wake === Number.POSITIVE_INFINITY ? undefined : Math.max(1, wake - now),
  };
}

const NO_IDS: ReadonlySet<string> = new Set();
const NO_REASONS: ReadonlyMap<string, string> = new Map();

function emptyDraft(): Draft {
  const wake = Number.POSITIVE_INFINITY;
  return { create: [], shutdown: [], promote: [], delay: [], orphan: [], remove: [], wake };
}

/** How many tasks the service should have, of which `views` may be the first part. */
function wantedCount({ service }: PlanInput, views: readonly SlotView[]): number {
  if (service.spec.mode === 'global' || service.meta.deletedAt !== undefined) return views.length;
  return service.spec.replicas;
}

/** The tasks of a global service stay where they are while their node is down: there is nowhere else for them. */
function lenientFor(service: Service, fitness: PlanInput['fitness']): PlanInput['fitness'] {
  if (service.spec.mode === 'replicated' || service.meta.deletedAt !== undefined) return fitness;
  return (node) => {
    const at = fitness(node);
    return at === 'down' ? 'usable' : at;
  };
}

function wantedSlots(
  { service, globalSlots, fitness }: PlanInput,
  slots: ReadonlyMap<string, Slot>,
): WantedSlots {
  if (service.spec.mode === 'replicated') return replicatedSlots(service, slots, fitness);
  const stays = (id: string): boolean =>
    globalSlots.get(id) === true || (slots.get(id)?.live.length ?? 0) > 0;
  return { wanted: new Set([...globalSlots.keys()].filter(stays)), removed: NO_REASONS };
}

function retire(slot: Slot, reason: string | undefined, { service, fitness }: PlanInput, draft: Draft): void {
  const deleted = service.meta.deletedAt !== undefined;
  const why = deleted ? 'the service was deleted' : (reason ?? 'the service was scaled down');
  const notable = reason === undefined ? {} : ({ notable: true } as const);
  for (const task of slot.live) draft.shutdown.push({ task, why, ...notable });
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

/** How a moving update is doing. */
function judge(
  views: readonly SlotView[],
  verdicts: readonly Verdict[],
  { service, now }: PlanInput,
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

/** How many more slots may begin to change now. */
function budgetOf(
  views: readonly SlotView[],
  { service, now }: PlanInput,
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

/** Whether the update in progress has made it. */
function isNew(fresh: Task | undefined, { update }: Target): boolean {
  return fresh !== undefined && update !== undefined && fresh.meta.createdAt >= update.startedAt;
}

/** Whether the old task of an empty slot has just made room, or is about to. */
function changesHands({ leaving, last }: Slot, target: Target): boolean {
  return leaving.length > 0 || (last !== undefined && !isCurrent(last, target));
}

/** What one wanted slot needs. */
function settle(
  view: SlotView,
  input: PlanInput,
  target: Target,
  {
    draft,
    budget,
    proof,
  }: { readonly draft: Draft; readonly budget: { left: number }; readonly proof: Proof },
): void {
  const { slot, fresh, old: olds } = view;
  const { service, fitness, now } = input;
  writeOff(slot, fitness, draft);
  if (slot.ended.length > KEEP_ENDED) draft.remove.push(...slot.ended.slice(0, -KEEP_ENDED));

  if (fresh !== undefined) {
    replace(view, fresh, input, target, { draft, proof });
    return;
  }
  // An update that another one overtakes leaves two of the past; one is enough until the new one comes.
  const best = olds.findLast((task) => task.status.ready) ?? olds.at(-1);
  for (const task of olds) if (task !== best) draft.shutdown.push({ task, why: 'another one serves' });
  const old = best === undefined ? [] : [best];
  if (service.spec.mode === 'global' && input.globalSlots.get(slot.id) !== true) return;
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
  { service, fitsWithout = () => false }: PlanInput,
  target: Target,
  { draft, proof }: { readonly draft: Draft; readonly proof: Proof },
): void {
  const waits = fresh.spec.desired === 'prepared';
  if (waits && old.length === 0 && slot.leaving.length === 0) {
    draft.promote.push(fresh);
    return;
  }
  // A task that serves keeps serving until the new one does, and has proven itself; any other is one too many.
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
  if (fresh.status.state === 'pending' && fresh.status.reason !== undefined && fitsWithout(fresh, serving)) {
    for (const task of serving)
      draft.shutdown.push({
        task,
        why: `there is no room for ${fresh.meta.name} beside it: it is stopped first`,
        notable: true,
      });
  }
}

function wakeAt(draft: Draft, at: number): void {
  draft.wake = Math.min(draft.wake, at);
}
