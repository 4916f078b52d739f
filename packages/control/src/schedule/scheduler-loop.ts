import {
  type Clock,
  type Component,
  type EventRecorder,
  GantryError,
  type Logger,
  type Random,
  type Scheduler,
  type Store,
  toGantryError,
  type Views,
} from '@gantry/core';
import type { AvoidedNode, Change, Entry, GroupPlan, Round, TaskGroup } from '@gantry/core/contracts';
import { type Explanation, idOf, type Service, type Task } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { modeOf } from '../service/modes/mode-of.ts';
import { Pending, type PendingGroup } from './pending.ts';
import type { Placement } from './placement.ts';

/** Maximum number of tasks decided in one round, so that the first ones start while the rest is still being placed. */
const ROUND_TASKS = 20_000;
const RETRY_MS = 200;
const CONFLICT_MS = 20;
/** Pause after a round, per placed task, ms: under load the rounds, and everything that follows, come in bulk. */
const REST_PER_TASK_MS = 0.05;
const MAX_REST_MS = 150;

interface Parts {
  readonly store: Store;
  readonly views: Views;
  /** Sees every event before the loop does. */
  readonly placement: Placement;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: EventRecorder;
}

/** One group of a round, and the tasks it was built from. */
interface Candidate {
  readonly group: TaskGroup;
  readonly entries: readonly Entry<Task>[];
  readonly scheduler: Scheduler;
  /** A task of a global service already has its node: only that one is considered. */
  readonly only: string | undefined;
  /** Nodes to avoid unless the group fits nowhere else. */
  readonly avoided: readonly AvoidedNode[];
}

/** Gives waiting tasks their nodes: collects groups, queries the scheduler, commits its decisions. */
export class SchedulerLoop implements Component {
  readonly name = 'scheduler-loop';
  readonly #parts: Parts;
  #version = -1;
  readonly #pending = new Pending();
  /** Groups that fit only on nodes they avoid. */
  readonly #lifted = new Set<string>();
  readonly #stop = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  /** Whether there may be something to place. */
  #due = false;
  #running: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { views } = this.#parts;
    const [nodes, tasks, services, templates] = [
      views.of('node'),
      views.of('task'),
      views.of('service'),
      views.of('template'),
    ];
    for (const after of tasks.all())
      this.#pending.apply({ kind: 'task', name: idOf(after.value.meta), before: undefined, after });
    this.#unsubscribe.push(
      nodes.subscribe(() => this.#kick()),
      tasks.subscribe((events) => {
        const { version } = this.#parts.placement.model;
        let fresh = version !== this.#version;
        this.#version = version;
        for (const event of events) if (this.#pending.apply(event)) fresh = true;
        if (fresh) this.#kick();
      }),
      services.subscribe((events) => {
        if (events.some(({ before, after }) => before?.value.spec !== after?.value.spec)) this.#kick();
      }),
      templates.subscribe(() => {
        if (!this.#pending.empty) this.#kick();
      }),
    );
    this.#kick();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#cancelRetry?.();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#running;
  }

  #kick(): void {
    this.#due = true;
    if (this.#running !== undefined || this.#stop.signal.aborted || this.#pending.empty) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#due && this.#cancelRetry === undefined) this.#kick(); // it came just as the loop had ended
    });
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#parts;
    const { signal } = this.#stop;
    await clock.sleep(0, signal).catch(() => undefined); // what arrives together is decided together
    const seen = new Set<string>();
    while (!signal.aborted) {
      if (this.#due) {
        seen.clear();
        this.#lifted.clear();
      }
      this.#due = false;
      try {
        const candidates = together(this.#candidates(seen));
        if (candidates.length === 0) return;
        for (const id of await this.#round(candidates)) seen.add(id);
        const tasks = candidates.reduce((sum, { entries }) => sum + entries.length, 0);
        const restMs = Math.min(MAX_REST_MS, tasks * REST_PER_TASK_MS);
        if (restMs >= 1) await clock.sleep(restMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('scheduling failed', { error: toGantryError(error) });
        this.#retryLater();
        return;
      }
    }
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#kick();
    });
  }

  /** The next groups to decide, as many as fit into a round; `seen`: those that fit nowhere in the current state. */
  #candidates(seen: ReadonlySet<string>): readonly Candidate[] {
    const candidates: Candidate[] = [];
    let room = ROUND_TASKS;
    for (const pending of this.#pending.groups) {
      if (room <= 0) break;
      const service = this.#parts.views.of('service').get(pending.service)?.value;
      if (service === undefined || this.#parts.views.of('template').get(pending.template) === undefined)
        continue;
      const scheduler = this.#parts.placement.schedulerOf(service);
      if (scheduler === undefined) {
        this.#parts.logger.warn('no such scheduler', {
          service: pending.service,
          scheduler: service.spec.scheduler,
        });
        continue;
      }
      const entries = take(pending, room);
      for (const candidate of this.#split(service, pending.template, entries, scheduler)) {
        if (seen.has(nameOf(candidate))) continue;
        room -= candidate.entries.length;
        candidates.push(candidate);
      }
    }
    return candidates;
  }

  #split(service: Service, template: string, entries: Entry<Task>[], scheduler: Scheduler): Candidate[] {
    const make = (some: readonly Entry<Task>[], only: string | undefined): Candidate => ({
      group: this.#parts.placement.group(
        service,
        template,
        some.map(({ value }) => idOf(value.meta)),
      ),
      entries: some,
      scheduler,
      only,
      avoided:
        only !== undefined ||
        this.#lifted.has(nameOf({ group: { service: idOf(service.meta), template }, only }))
          ? []
          : this.#parts.placement.avoided(idOf(service.meta), template),
    });
    const { nodeOf } = modeOf(service.spec);
    if (nodeOf === undefined) return [make(entries, undefined)];
    return entries.map((entry) => make([entry], nodeOf(entry.value.spec.slot)));
  }

  /** Decides and commits; returns the groups of which some tasks fit nowhere. */
  async #round(candidates: readonly Candidate[]): Promise<readonly string[]> {
    const changes: Change[] = [];
    const stuck: string[] = [];
    const now = this.#parts.clock.now();
    for (const [some, nodes] of this.#questions(candidates)) {
      const answers = this.#answers(some, nodes);
      some.forEach((each, index) => {
        let candidate = each;
        const answer = answers[index] as GroupPlan;
        const { service, template, tasks } = candidate.group;
        this.#parts.placement.explanations.set(service, template, tasks, answer.explanation);
        if (answer.nodes.length < tasks.length && candidate.avoided.length > 0) {
          this.#lifted.add(nameOf(candidate)); // those that are left are asked about once more, for every node
          candidate = { ...candidate, entries: candidate.entries.slice(0, answer.nodes.length) };
        } else if (answer.nodes.length < tasks.length) {
          stuck.push(nameOf(candidate));
          this.#tell(candidate, answer);
        }
        for (const change of decisions(candidate, answer, now)) changes.push(change);
      });
    }
    if (changes.length === 0) return stuck;
    const outcomes = await this.#parts.store.commit(changes, { signal: this.#stop.signal });
    const last = outcomes.findLast((outcome) => outcome.ok);
    if (last?.ok === true) await this.#parts.views.of('task').reached(last.revision, this.#stop.signal);
    else await this.#parts.clock.sleep(CONFLICT_MS, this.#stop.signal); // every one changed: see how, first
    return stuck;
  }

  /** Records an event for a group that fits nowhere, if that is new. */
  #tell({ group, entries }: Candidate, { nodes, explanation }: GroupPlan): void {
    const code = codeOf(explanation);
    const known = entries.slice(nodes.length).every(({ value }) => value.status.reason === code);
    if (known) return;
    const regarding = { kind: 'service', name: group.service } as const;
    this.#parts.events.record(regarding, 'warning', code, explanation.summary);
  }

  /** Candidates with their possible nodes: all in one query, or, for a global service, one query each. */
  *#questions(candidates: readonly Candidate[]): Iterable<[readonly Candidate[], Round['nodes']]> {
    const [first] = candidates;
    if (first?.only === undefined) {
      const { nodes } = this.#parts.placement.model;
      const avoided = new Set(first?.avoided.map(({ node }) => node));
      yield [candidates, avoided.size === 0 ? nodes : nodes.filter(({ name }) => !avoided.has(name))];
      return;
    }
    for (const candidate of candidates) {
      const node = this.#parts.placement.model.node(candidate.only as string);
      yield [[candidate], node === undefined ? [] : [node]];
    }
  }

  /**
   * One result for each candidate. The failure of a scheduler is reported for its own services, and does not hold up
   * others.
   */
  #answers(candidates: readonly Candidate[], nodes: Round['nodes']): readonly GroupPlan[] {
    const { scheduler } = candidates[0] as Candidate;
    try {
      return this.#ask(candidates, nodes);
    } catch (error) {
      const { message } = toGantryError(error);
      const named = new GantryError('INTERNAL', `scheduler ${scheduler.name} failed: ${message}`, {
        cause: error,
      });
      this.#parts.logger.warn('a scheduler failed', { scheduler: scheduler.name, error: named });
      this.#retryLater();
      return candidates.map(({ group }) => failure(scheduler.name, group, nodes, named.message));
    }
  }

  /** Queries the plugin, and verifies its answer. */
  #ask(candidates: readonly Candidate[], nodes: Round['nodes']): readonly GroupPlan[] {
    const { scheduler } = candidates[0] as Candidate;
    const groups = candidates.map(({ group }) => group);
    const plan = scheduler.place({ groups, nodes, random: this.#parts.random });
    return candidates.map(({ group, avoided }, index) => {
      const answer = plan.groups[index];
      if (answer === undefined) throw new Error(`it did not answer for service ${group.service}`);
      if (answer.nodes.length > group.tasks.length) {
        throw new Error(`it placed more tasks than there are for service ${group.service}`);
      }
      return avoided.length === 0
        ? answer
        : { ...answer, explanation: withAvoided(answer.explanation, avoided) };
    });
  }
}

/** An explanation that also names the nodes that were avoided. */
function withAvoided(explanation: Explanation, avoided: readonly AvoidedNode[]): Explanation {
  const [first] = avoided;
  const message = `${first?.node}: failed there ${counted(first?.failures ?? 0, 'time')} in a row: ${first?.message}`;
  const nodes = avoided.map(({ node }) => node);
  const filter = { filter: 'avoided', code: 'NodeAvoided', rejected: nodes.length, nodes, message };
  return {
    ...explanation,
    nodes: explanation.nodes + nodes.length,
    filters: [...explanation.filters, filter],
  };
}

/** The result for a group whose scheduler has failed: nothing is placed, for this reason. */
function failure(scheduler: string, { tasks }: TaskGroup, nodes: Round['nodes'], message: string): GroupPlan {
  const filter = { filter: 'scheduler', code: 'SchedulerFailed', rejected: nodes.length, nodes: [], message };
  const counts = { nodes: nodes.length, feasible: 0, placed: 0, unplaced: tasks.length };
  return {
    nodes: [],
    explanation: { scheduler, ...counts, filters: [filter], ranking: [], summary: message },
  };
}

/**
 * The candidates that can be decided at once: those of one scheduler for all nodes in one query, or tasks that already
 * have their node, one for each node; the next query has to see the decisions of this one.
 */
function together(candidates: readonly Candidate[]): readonly Candidate[] {
  const [first] = candidates;
  if (first === undefined) return [];
  if (first.avoided.length > 0) return [first];
  if (first.only === undefined) {
    return candidates.filter(
      ({ only, scheduler, avoided }) =>
        only === undefined && scheduler === first.scheduler && avoided.length === 0,
    );
  }
  const nodes = new Set<string>();
  return candidates.filter(({ only }) => only !== undefined && !nodes.has(only) && nodes.add(only));
}

/** Returns a key that identifies a candidate among all waiting ones. */
function nameOf({
  group,
  only,
}: {
  readonly group: Pick<TaskGroup, 'service' | 'template'>;
  readonly only: string | undefined;
}): string {
  return `${group.service} ${group.template} ${only ?? ''}`;
}

function* decisions(
  { entries }: Candidate,
  { nodes, explanation }: GroupPlan,
  now: number,
): Iterable<Change> {
  const code = codeOf(explanation);
  for (let i = 0; i < entries.length; i++) {
    const { value: task, revision, key } = entries[i] as Entry<Task>;
    const node = nodes[i];
    if (node !== undefined) {
      const value: Task = {
        kind: 'task',
        meta: task.meta,
        spec: { ...task.spec, node },
        status: { state: 'assigned', since: now, ready: false },
      };
      yield { key, value, expect: revision };
    } else if (task.status.reason !== code) {
      const status = { ...task.status, reason: code, message: explanation.summary };
      yield { key, value: { ...task, status }, expect: revision };
    }
  }
}

function codeOf({ filters }: Explanation): string {
  return filters[0]?.code ?? 'Unplaced';
}

function take({ tasks }: PendingGroup, room: number): Entry<Task>[] {
  if (tasks.size <= room) return [...tasks.values()];
  const entries: Entry<Task>[] = [];
  for (const entry of tasks.values()) {
    if (entries.length >= room) break;
    entries.push(entry);
  }
  return entries;
}
