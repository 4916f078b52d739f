import {
  type Entry,
  idOf,
  isFinal,
  mayMove,
  type Node,
  type Service,
  type StoreEvent,
  type Task,
  type Template,
} from '@gantry/core';
import { NODE_CAPACITY, type SimCluster } from './sim-cluster.ts';

/** Watches every write of the store for what must never happen. */
export class HistoryCheck {
  readonly problems: string[] = [];
  readonly #tasks = new Map<string, Task>();
  readonly #templates = new Map<string, Template>();

  async follow(sim: SimCluster, signal: AbortSignal): Promise<void> {
    for await (const batch of sim.store.watch('t', { since: 0, signal })) {
      for (const event of batch) {
        if (event.key.startsWith('templates/')) this.#templates.set(event.key, event.value as Template);
        if (event.key.startsWith('tasks/')) this.#take(event);
      }
    }
  }

  #take({ key, value }: StoreEvent): void {
    const before = this.#tasks.get(key);
    const after = value as Task | undefined;
    if (after === undefined) {
      this.#tasks.delete(key);
      return;
    }
    this.#tasks.set(key, after);
    if (before === undefined) return;
    const [from, to] = [before.status.state, after.status.state];
    if (from !== to && !mayMove(from, to)) this.problems.push(`${key} went from ${from} to ${to}`);
    if (before.spec.node !== undefined && before.spec.node !== after.spec.node) {
      this.problems.push(`${key} moved from ${before.spec.node} to ${after.spec.node}`);
    }
    if (before.spec.desired === 'shutdown' && after.spec.desired === 'running') {
      this.problems.push(`${key} was called back`);
    }
    if (before.spec.desired === 'running' && after.spec.desired === 'shutdown' && before.status.ready)
      this.#checkSuccessor(key, after);
  }

  /** No task that serves is stopped for one that cannot become ready, unless there is room for one only. */
  #checkSuccessor(key: string, task: Task): void {
    const updated = task.status.message === 'it is updated' || task.status.message === 'it was replaced';
    if (!updated) return;
    for (const other of this.#tasks.values()) {
      const { service, slot, template, desired } = other.spec;
      if (service !== task.spec.service || slot !== task.spec.slot || desired === 'shutdown') continue;
      if (isFinal(other.status.state)) continue;
      if (template !== task.spec.template && isHopeless(this.#templates.get(`templates/${template}`)))
        this.problems.push(
          `${key} served, and was stopped for ${other.meta.name}, which cannot become ready`,
        );
    }
  }
}

/** Whether a template never becomes ready on any node. */
function isHopeless(template: Template | undefined): boolean {
  return ['missing', 'unreachable', 'hang'].includes(template?.spec.labels['fake/pull'] ?? '');
}

/** What must hold at any moment, whatever has failed. */
export async function safetyProblems(sim: SimCluster): Promise<string[]> {
  const problems: string[] = [];
  const nodes = new Map(
    (await sim.store.list('nodes/')).entries.map(({ value }) => [(value as Node).meta.name, value as Node]),
  );
  const services = await servicesOf(sim);
  const used = new Map<string, number>();
  const slots = new Map<string, Task[]>();
  for (const task of await sim.tasks()) {
    if (isFinal(task.status.state)) continue;
    const { node, service, slot, desired } = task.spec;
    if (node !== undefined) used.set(node, (used.get(node) ?? 0) + cpuOf(services.get(service), task));
    if (desired !== 'running' || (node !== undefined && nodes.get(node)?.status.state !== 'ready')) continue;
    const id = `${service}/${slot}`;
    slots.set(id, [...(slots.get(id) ?? []), task]);
  }
  for (const [node, cpu] of used) {
    if (cpu > NODE_CAPACITY.cpu)
      problems.push(`${node} is promised ${cpu} of ${NODE_CAPACITY.cpu} millicores`);
  }
  for (const [slot, live] of slots) {
    if (live.length <= 1) continue;
    const names = live.map(({ meta, spec }) => `${meta.name}@${spec.node}`).join(', ');
    if (live.length > 2) problems.push(`slot ${slot} has ${live.length} tasks: ${names}`);
    const moving = live.some(
      ({ spec }) =>
        spec.template !== live[0]?.spec.template ||
        spec.restartedAt !== live[0]?.spec.restartedAt ||
        (spec.node !== undefined && isLeft(nodes.get(spec.node))),
    );
    // A node that just came back still has its task until the controller has told it to stop.
    const returned = live.some(
      ({ spec }) => (nodes.get(spec.node ?? '')?.status.since ?? 0) > sim.clock.now() - 3000,
    );
    // A drain that was taken back leaves a spare task for as long as the other is not ready.
    if (!moving && !returned && live.every(({ status }) => status.ready)) {
      problems.push(`slot ${slot} has two ready tasks that are the same: ${names}`);
    }
  }
  return problems;
}

/** Whether the tasks of a node are on their way to others. */
function isLeft(node: Node | undefined): boolean {
  return (
    node?.spec.availability === 'drain' ||
    node?.spec.taints.some(({ effect }) => effect === 'NoExecute') === true
  );
}

/** What must have come true once faults have stopped and time has passed. */
export async function livenessProblems(sim: SimCluster): Promise<string[]> {
  const problems: string[] = [];
  const tasks = await sim.tasks();
  for (const service of (await servicesOf(sim)).values()) {
    const name = idOf(service.meta);
    const { deletedAt } = service.meta;
    if (deletedAt !== undefined) {
      problems.push(`service ${name} was deleted and is still there`);
      continue;
    }
    const live = tasks.filter(({ spec, status }) => spec.service === name && !isFinal(status.state));
    const waiting = live.filter(({ status }) => status.state === 'pending');
    for (const { meta, status } of waiting) {
      if (status.reason === undefined || status.message === undefined)
        problems.push(`${meta.name} waits for no reason`);
    }
    const ready = live.filter(({ status, spec }) => status.ready && spec.desired === 'running').length;
    const { desired } = service.status;
    // A template that crashes never settles, and while an update to it is paused some slots have none that serves.
    const { progress } = service.status;
    const waits = progress?.reason === 'WaitsForDependency' || progress?.reason === 'DependencyFailed';
    problems.push(...unexplained(service, tasks, sim.clock.now()));
    const { labels } = service.spec.template;
    // A bad node has to be avoided, unless the service belongs there.
    const bad = labels['fake/exit-after-ms'] ?? labels['fake/fail-start'];
    const crashes =
      bad !== undefined && (labels['fake/bad-nodes'] === undefined || service.spec.mode === 'global');
    const hopeless = ['missing', 'unreachable', 'hang'].includes(labels['fake/pull'] ?? '');
    if (hopeless && !waits && ready < desired && progress?.state !== 'failed')
      problems.push(`service ${name} cannot become ready, and its progress is ${progress?.state}`);
    if (crashes || hopeless || waits || service.status.update?.state.endsWith('paused') === true) continue;
    if (progress?.state !== 'stable' && waiting.length === 0)
      problems.push(`service ${name} is ${progress?.state}: ${progress?.message}`);
    if (ready + waiting.length < desired) {
      problems.push(
        `service ${name}: ${ready} ready and ${waiting.length} waiting of ${desired}: ${describe(live)}`,
      );
    }
    if (waiting.length === 0 && live.length !== desired) {
      problems.push(`service ${name}: ${live.length} live tasks for ${desired}: ${describe(live)}`);
    }
    if (service.spec.mode === 'replicated' && desired !== service.spec.replicas) {
      problems.push(`service ${name}: wants ${desired} tasks, was asked for ${service.spec.replicas}`);
    }
  }
  const recorded = new Set(
    tasks.filter(({ status }) => status.state === 'running').map(({ meta }) => idOf(meta)),
  );
  for (const name of sim.machines.keys()) {
    for (const task of sim.running(name))
      if (!recorded.delete(task)) problems.push(`${task} runs on ${name} unknown to all`);
  }
  for (const task of recorded) problems.push(`${task} is said to run and does not`);
  return problems;
}

/** Every slot that is not ready must have a current reason, unless its task has just taken its next step. */
function unexplained({ meta, status }: Service, tasks: readonly Task[], now: number): string[] {
  const newest = new Map<string, Task>();
  for (const task of tasks) {
    if (task.spec.service !== idOf(meta) || task.spec.desired === 'shutdown') continue;
    const known = newest.get(task.spec.slot);
    if (known === undefined || known.spec.attempt < task.spec.attempt) newest.set(task.spec.slot, task);
  }
  return [...newest.values()]
    .filter(
      (task) =>
        !task.status.ready &&
        now - task.status.since > 5000 &&
        (task.status.reason === undefined || task.status.message === undefined),
    )
    .map(
      (task) =>
        `${task.meta.name} is ${task.status.state} for no reason; the service: ${status.progress?.message}`,
    );
}

function describe(tasks: readonly Task[]): string {
  return tasks
    .map(
      ({ meta, spec, status }) =>
        `${meta.name}@${spec.node} ${status.state}/${spec.desired} ready=${status.ready}`,
    )
    .join('; ');
}

async function servicesOf(sim: SimCluster): Promise<Map<string, Service>> {
  const { entries } = await sim.store.list('services/');
  return new Map((entries as readonly Entry<Service>[]).map(({ value }) => [idOf(value.meta), value]));
}

/** Every template of a simulated service asks for the same. */
function cpuOf(service: Service | undefined, _task: Task): number {
  return service?.spec.template.resources.requests.cpu ?? 0;
}
