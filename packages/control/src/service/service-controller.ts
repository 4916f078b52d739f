import {
  type Clock,
  type Controller,
  contracts,
  definePlugin,
  type EventRecorder,
  type PlacementAdvisor,
  type Store,
  type Views,
} from '@gantry/core';
import type { Change, Entry, Outcome, ReconcileResult, ViewEvent } from '@gantry/core/contracts';
import {
  idOf,
  isFinal,
  keyOf,
  type Service,
  shutDown,
  type Task,
  type Template,
  type TemplateSpec,
  templateHash,
} from '@gantry/core/model';
import { rebased } from '../merge.ts';
import { valuesOf } from '../values-of.ts';
import { newTask, orphaned, preparedOn } from './change-task.ts';
import { type Waiting, waitsFor } from './dependencies.ts';
import { Dependents } from './dependents.ts';
import { modeOf } from './modes/mode-of.ts';
import { nodeFitness } from './node-fitness.ts';
import { planService } from './plan.ts';
import { recordTasks, recordUpdate } from './record-events.ts';
import type { ServicePlan } from './service-plan.ts';

/**
 * After a long plan that only follows reports, pause for this many times as long: a burst of reports must not take all
 * the time.
 */
const REST = 3;
const LONG_PLAN_MS = 2;
/** Maximum number of creations in one commit. */
const BATCH = 10_000;

/** Replicated and global services: creates, replaces, updates, rolls back and removes their tasks. */
export class ServiceController implements Controller {
  readonly name = 'service';
  readonly watches = ['service', 'task', 'node'] as const;
  readonly #store: Store;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #advisor: PlacementAdvisor;
  readonly #dependents = new Dependents();
  readonly #hashes = new WeakMap<TemplateSpec, string>();
  #restUntil = 0;

  /** A controller is created with the term in which it leads. */
  readonly #seenSince: number;

  constructor(store: Store, views: Views, clock: Clock, events: EventRecorder, advisor: PlacementAdvisor) {
    this.#store = store;
    this.#advisor = advisor;
    this.#views = views;
    this.#clock = clock;
    this.#events = events;
    this.#seenSince = clock.now();
  }

  keysFor(event: ViewEvent): readonly string[] {
    switch (event.kind) {
      case 'service':
        this.#dependents.note(event as ViewEvent<'service'>);
        return [event.name, ...this.#dependents.of(event.name)];
      case 'task':
        return this.#dependents.with(this.#taskMatters(event as ViewEvent<'task'>));
      case 'node':
        return this.#servicesOn(event as ViewEvent<'node'>);
      default:
        return [];
    }
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const entry = this.#views.of('service').get(name);
    if (entry === undefined) {
      await this.#sweep(name, signal);
      return undefined;
    }
    const asked = entry.value.status.observedGeneration < entry.value.meta.generation;
    const rest = this.#restUntil - this.#clock.elapsed();
    if (rest > 0 && !asked) return { againAfterMs: rest };
    const began = this.#clock.elapsed();
    const plan = planService({
      service: entry.value,
      template: this.#hash(entry.value.spec.template),
      tasks: valuesOf(this.#views.of('task').by('service', name)),
      fitness: nodeFitness(entry.value, this.#views.of('node')),
      nodes: valuesOf(this.#views.of('node').all()),
      waitsFor: this.#waitsFor(name, entry.value),
      fitsWithout: (task, old) => this.#advisor.fitsWithout(entry.value, task, old),
      now: this.#clock.now(),
      seenSince: this.#seenSince,
    });
    const took = this.#clock.elapsed() - began;
    if (took > LONG_PLAN_MS) this.#restUntil = this.#clock.elapsed() + REST * took;
    await this.#carryOut(entry, plan, signal);
    return { againAfterMs: plan.againAfterMs };
  }

  /** Returns only services whose plan may change: progress of a task towards running changes nothing. */
  #taskMatters({ before, after }: ViewEvent<'task'>): readonly string[] {
    const task = (after ?? before)?.value;
    if (task === undefined) return [];
    if (before === undefined || after === undefined) {
      return after === undefined || isFinal(task.status.state) ? [task.spec.service] : [];
    }
    const [was, is] = [before.value, after.value];
    const matters =
      was.status.ready !== is.status.ready ||
      was.spec.desired !== is.spec.desired ||
      was.status.reason !== is.status.reason ||
      was.status.message !== is.status.message ||
      (was.status.state !== is.status.state && (is.status.state === 'running' || isFinal(is.status.state)));
    return matters ? [task.spec.service] : [];
  }

  #servicesOn({ name, before, after }: ViewEvent<'node'>): readonly string[] {
    const keys = new Set<string>();
    for (const { value } of this.#views.of('task').by('node', name)) keys.add(value.spec.service);
    const same =
      before?.value.status.state === after?.value.status.state &&
      before?.value.spec === after?.value.spec &&
      before?.value.meta.labels === after?.value.meta.labels;
    if (same) return [];
    for (const { value } of this.#views.of('service').all())
      if (modeOf(value.spec).followsNodes) keys.add(idOf(value.meta));
    return [...keys];
  }

  #waitsFor(id: string, { spec }: Service): Waiting | undefined {
    if (spec.dependsOn.length === 0) return undefined;
    return waitsFor(id, spec.dependsOn, {
      service: (other) => this.#views.of('service').get(other)?.value,
      tasks: (other) => valuesOf(this.#views.of('task').by('service', other)),
    });
  }

  #hash(spec: TemplateSpec): string {
    const known = this.#hashes.get(spec);
    if (known !== undefined) return known;
    const hash = templateHash(spec);
    this.#hashes.set(spec, hash);
    return hash;
  }

  async #carryOut(entry: Entry<Service>, plan: ServicePlan, signal: AbortSignal): Promise<void> {
    const service = entry.value;
    const now = this.#clock.now();
    const tasks = this.#views.of('task');
    const changes: Change[] = [];
    const touch = (task: Task, value: Task | undefined): void => {
      changes.push({
        key: keyOf('task', idOf(task.meta)),
        value,
        expect: tasks.get(idOf(task.meta))?.revision,
      });
    };
    changes.push(...this.#templateChange(service, plan.target.template, now));
    for (const { task, why } of plan.shutdown) touch(task, shutDown(task, why, now));
    for (const { task, node } of plan.place) touch(task, preparedOn(task, node, now));
    for (const task of plan.promote) touch(task, { ...task, spec: { ...task.spec, desired: 'running' } });
    for (const { task, retryAt, crashLoop } of plan.delay) {
      const reason = crashLoop ? 'CrashLoop' : task.status.reason;
      touch(task, { ...task, status: { ...task.status, reason, retryAt } });
    }
    for (const task of plan.orphan) touch(task, orphaned(task, now));
    for (const task of plan.remove) touch(task, undefined);
    for (const draft of plan.create) {
      const value = newTask(service, plan, draft, now);
      changes.push({ key: keyOf('task', idOf(value.meta)), value, expect: 'absent' });
    }
    if (changes.length > 0) await this.#commitTasks(changes, signal);
    recordTasks(this.#events, plan);

    const services = this.#views.of('service');
    const key = keyOf('service', idOf(service.meta));
    let value: Service | undefined = { ...service, status: plan.status };
    if (plan.gone) value = undefined;
    else if (plan.rollbackTo !== undefined) value = this.#rolledBack(service, plan, now);
    else if (plan.status === service.status) return;
    const [outcome] = await this.#store.commit([{ key, value, expect: entry.revision }], { signal });
    if (outcome?.ok !== true) return; // it has changed in the meantime: its event starts another run
    recordUpdate(this.#events, service, plan);
    await services.reached(outcome.revision, signal);
  }

  async #commitTasks(changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const view = this.#views.of('task');
    for (let from = 0; from < changes.length; from += BATCH) {
      const batch = changes.slice(from, from + BATCH);
      const outcomes = await this.#store.commit(batch, { signal });
      const written = outcomes.filter((outcome, index): outcome is Outcome & { ok: true } => {
        return outcome.ok && batch[index]?.key.startsWith('tasks/') === true;
      });
      const revision = written.at(-1)?.revision;
      if (revision !== undefined) await view.reached(revision, signal);
    }
  }

  #templateChange(service: Service, hash: string, now: number): Change[] {
    if (this.#views.of('template').get(hash) !== undefined || service.meta.deletedAt !== undefined) return [];
    const value: Template = {
      kind: 'template',
      meta: { name: hash, uid: hash, generation: 1, createdAt: now, labels: {} },
      spec: service.spec.template,
    };
    return [{ key: keyOf('template', hash), value, expect: 'absent' }];
  }

  /**
   * Returns the service with an earlier template instead of the failed one; paused if that template is no longer known.
   */
  #rolledBack(service: Service, plan: ServicePlan, now: number): Service {
    const from = plan.target.template;
    const to = plan.rollbackTo ?? from;
    const earlier = this.#views.of('template').get(to)?.value;
    if (earlier === undefined) {
      const message = `${plan.status.update?.message}, and template ${to} is no longer known`;
      const update = plan.status.update && { ...plan.status.update, state: 'paused' as const, message };
      return { ...service, status: { ...plan.status, update } };
    }
    const generation = service.meta.generation + 1;
    return {
      ...service,
      meta: { ...service.meta, generation, ...rebased(service.meta.managers, earlier.spec) },
      spec: { ...service.spec, template: earlier.spec },
      status: {
        ...plan.status,
        template: to,
        update: {
          state: 'rollback-started',
          from,
          to,
          startedAt: now,
          restartedAt: service.spec.restartedAt,
          message: plan.status.update?.message ?? '',
        },
        history: [
          { template: from, generation: service.meta.generation, at: now },
          ...plan.status.history.filter((past) => past.template !== to),
        ],
      },
    };
  }

  /** Removes the tasks of a service that is gone. */
  async #sweep(name: string, signal: AbortSignal): Promise<void> {
    const rest = [...this.#views.of('task').by('service', name)];
    if (rest.length === 0) return;
    await this.#commitTasks(
      rest.map(({ key, revision }) => ({ key, value: undefined, expect: revision })),
      signal,
    );
  }
}

/** Plugin: the controller of replicated and global services. */
export const serviceController = definePlugin({
  name: 'controller-service',
  provides: contracts.controller,
  needs: {
    store: contracts.store,
    views: contracts.views,
    clock: contracts.clock,
    events: contracts.events,
    placement: contracts.placement,
  },
  create: (_options, { store, views, clock, events, placement }) =>
    new ServiceController(store, views, clock, events, placement),
});
