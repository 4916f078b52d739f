import { isFinal, type Node, type Service, type Task, type TaskStatus, taskName } from '@gantry/core/model';
import { type NodeFitness, planService, type ServicePlan, type TaskDraft } from '../../src/service/index.ts';
import { hashOf, node, T0 } from './objects.ts';

/**
 * A cluster made of a few maps: it carries out plans, places tasks round robin, and lets each task live as configured.
 * Enough to see the effect of plans.
 */
export class Model {
  service: Service;
  now = T0;
  readonly tasks = new Map<string, Task>();
  readonly fitness = new Map<string, NodeFitness>();
  /** Templates whose tasks fail as soon as they run. */
  readonly bad = new Set<string>();
  /** Templates whose images cannot be pulled. */
  readonly unpreparable = new Set<string>();
  /** Called after each plan, before it is carried out. */
  watch: (plan: ServicePlan) => void = () => {};
  #next = 0;

  constructor(service: Service, nodes: readonly string[] = ['n1', 'n2', 'n3']) {
    this.service = service;
    for (const node of nodes) this.fitness.set(node, 'usable');
  }

  plan(): ServicePlan {
    return planService({
      service: this.service,
      template: hashOf(this.service),
      tasks: this.tasks.values(),
      fitness: (node) => this.fitness.get(node) ?? 'gone',
      nodes: this.#nodes(),
      now: this.now,
    });
  }

  /** One plan, carried out. */
  act(): ServicePlan {
    const plan = this.plan();
    this.watch(plan);
    for (const { task } of plan.shutdown) this.#put(task, { spec: { ...task.spec, desired: 'shutdown' } });
    for (const { task } of plan.shutdown)
      if (task.spec.node === undefined) this.#turn(task.meta.name, 'shutdown');
    for (const task of plan.orphan) this.#turn(task.meta.name, 'orphaned');
    for (const task of plan.remove) this.tasks.delete(task.meta.name);
    for (const task of plan.promote) this.#put(task, { spec: { ...task.spec, desired: 'running' } });
    for (const { task, retryAt } of plan.delay) this.#put(task, { status: { ...task.status, retryAt } });
    for (const draft of plan.create) this.#create(plan, draft);
    this.service = { ...this.service, status: plan.status };
    return plan;
  }

  /** Every task takes its next step in life. */
  live(): void {
    for (const { meta, spec, status } of [...this.tasks.values()]) {
      const at = spec.node === undefined ? undefined : this.fitness.get(spec.node);
      if (isFinal(status.state) || at === 'down' || at === 'gone') continue;
      if (spec.node === undefined) this.#place(meta.name);
      else if (spec.desired === 'shutdown')
        this.#turn(meta.name, status.state === 'stopping' ? 'shutdown' : 'stopping');
      else if (status.state === 'stopping') this.#turn(meta.name, 'failed');
      else if (spec.desired === 'prepared') {
        if (status.reason !== 'Prepared' && !this.unpreparable.has(spec.template))
          this.#turn(meta.name, 'preparing', { reason: 'Prepared' });
      } else if (status.state === 'assigned' || status.state === 'preparing' || status.state === 'starting')
        this.#turn(meta.name, 'running', { startedAt: this.now, runningAt: this.now });
      else if (status.state === 'running' && this.bad.has(spec.template)) this.#turn(meta.name, 'failed');
      else if (status.state === 'running' && !status.ready) this.#turn(meta.name, 'running', { ready: true });
    }
  }

  /** Plans, acts and lives until nothing is left to do, letting time pass where a plan asks for it. */
  settle(maxTurns = 400): ServicePlan {
    for (let turn = 0; turn < maxTurns; turn++) {
      const before = JSON.stringify([...this.tasks.values()]);
      const plan = this.act();
      this.live();
      const quiet = isEmpty(plan) && before === JSON.stringify([...this.tasks.values()]);
      if (quiet && plan.againAfterMs === undefined) return plan;
      this.now += quiet ? (plan.againAfterMs as number) : 1;
    }
    throw new Error(
      `not settled: ${JSON.stringify([...this.tasks.values()].map(({ spec, status }) => [spec, status]))}`,
    );
  }

  get alive(): Task[] {
    return [...this.tasks.values()].filter(({ status }) => !isFinal(status.state));
  }

  #nodes(): Node[] {
    return [...this.fitness].flatMap(([name, fitness]) =>
      fitness === 'usable' || fitness === 'down'
        ? [node(name, {}, { availability: fitness === 'usable' ? 'active' : 'pause' })]
        : [],
    );
  }

  #create({ target }: ServicePlan, { slot, attempt, restarts, desired }: TaskDraft): void {
    const { meta } = this.service;
    const name = taskName(meta, slot, attempt);
    this.tasks.set(name, {
      kind: 'task',
      meta: { name, uid: name, generation: 1, createdAt: this.now, labels: {} },
      spec: {
        service: meta.name,
        serviceUid: meta.uid,
        template: target.template,
        slot,
        attempt,
        restarts,
        restartedAt: target.restartedAt,
        desired,
      },
      status: { state: 'pending', since: this.now, ready: false },
    });
  }

  #place(name: string): void {
    const task = this.tasks.get(name) as Task;
    const usable = [...this.fitness].filter(([, fitness]) => fitness === 'usable').map(([node]) => node);
    const global = this.service.spec.mode === 'global';
    const node = global
      ? usable.find((each) => each === task.spec.slot)
      : usable[this.#next++ % usable.length];
    if (node === undefined) return;
    this.#put(task, {
      spec: { ...task.spec, node },
      status: { state: 'assigned', since: this.now, ready: false },
    });
  }

  #turn(name: string, state: TaskStatus['state'], more: Partial<TaskStatus> = {}): void {
    const task = this.tasks.get(name) as Task;
    const finishedAt = isFinal(state) ? { finishedAt: this.now } : {};
    const status = { ...task.status, state, since: this.now, ready: false, ...finishedAt, ...more };
    this.#put(task, { status });
  }

  #put(task: Task, change: Partial<Task>): void {
    this.tasks.set(task.meta.name, { ...(this.tasks.get(task.meta.name) as Task), ...change });
  }
}

export function isEmpty({ create, shutdown, place, promote, delay, orphan, remove }: ServicePlan): boolean {
  return [create, shutdown, place, promote, delay, orphan, remove].every(({ length }) => length === 0);
}
