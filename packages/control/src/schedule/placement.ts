import type { Clock, Component, PlacementAdvisor, Random, Scheduler, Views } from '@gantry/core';
import type {
  AvoidedNode,
  GroupPlan,
  NodeView,
  RehearsedService,
  Round,
  TaskGroup,
} from '@gantry/core/contracts';
import { type Explanation, idOf, isFinal, type Service, type Task } from '@gantry/core/model';
import { modeOf } from '../service/modes/mode-of.ts';
import { Avoidance } from './avoidance.ts';
import { ClusterModel, type Demand } from './cluster-model.ts';
import { Explanations } from './explanations.ts';
import { rehearse } from './rehearse.ts';

interface Parts {
  readonly views: Views;
  readonly schedulers: readonly Scheduler[];
  readonly random: Random;
  readonly clock: Clock;
}

/**
 * The basis of placing tasks, kept current whether or not this process leads: the cluster as schedulers see it, and
 * their explanations. Answers queries; the leader's loop makes the decisions.
 */
export class Placement implements PlacementAdvisor, Component {
  readonly name = 'placement';
  readonly model: ClusterModel;
  readonly explanations = new Explanations();
  readonly #avoidance = new Avoidance();
  readonly #parts: Parts;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.model = new ClusterModel((hash) => parts.views.of('template').get(hash));
  }

  async start(): Promise<void> {
    const { views } = this.#parts;
    const [nodes, tasks] = [views.of('node'), views.of('task')];
    for (const after of nodes.all())
      this.model.applyNode({ kind: 'node', name: after.value.meta.name, before: undefined, after }, []);
    for (const after of tasks.all()) {
      this.model.applyTask({ kind: 'task', name: idOf(after.value.meta), before: undefined, after });
      if (isFinal(after.value.status.state)) this.#avoidance.note(after.value);
    }
    this.#unsubscribe.push(
      nodes.subscribe((events) => {
        for (const event of events) this.model.applyNode(event, tasks.by('node', event.name));
      }),
      tasks.subscribe((events) => {
        for (const event of events) {
          this.model.applyTask(event);
          const { before, after } = event;
          if (before !== undefined && after !== undefined && hasEnded(before.value, after.value))
            this.#avoidance.note(after.value);
        }
      }),
      views.of('service').subscribe((events) => {
        for (const { name, after } of events) {
          if (after !== undefined) continue;
          this.explanations.forget(name);
          this.#avoidance.forgetService(name);
        }
      }),
      views.of('template').subscribe((events) => {
        for (const { name, after } of events) if (after === undefined) this.model.forgetTemplate(name);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  last(service: string, template: string, task?: string): Explanation | undefined {
    return this.explanations.get(service, template, task);
  }

  ask(service: Service, task: Task): Explanation | undefined {
    const scheduler = this.schedulerOf(service);
    if (scheduler === undefined) return undefined;
    const group = this.group(service, task.spec.template, [idOf(task.meta)]);
    const nodes = this.#nodesFor(service, task);
    return scheduler.place({ groups: [group], nodes, random: this.#parts.random }).groups[0]?.explanation;
  }

  avoided(service: string, template: string): readonly AvoidedNode[] {
    return this.#avoidance.of(service, template, this.#parts.clock.now());
  }

  fitsWithout(service: Service, task: Task, others: readonly Task[]): string | undefined {
    const scheduler = this.schedulerOf(service);
    if (scheduler === undefined) return undefined;
    const nodes = others.flatMap(({ spec }) => {
      const node = spec.node === undefined ? undefined : this.model.node(spec.node);
      return node === undefined ? [] : [without(node, spec.service, this.model.demand(spec.template))];
    });
    const groups = [this.group(service, task.spec.template, [idOf(task.meta)])];
    return scheduler.place({ groups, nodes, random: this.#parts.random }).groups[0]?.nodes[0];
  }

  rehearse(wanted: readonly RehearsedService[]): readonly GroupPlan[] {
    return rehearse(wanted, this.model, this.#parts.random, (service) => this.schedulerOf(service));
  }

  group(service: Service, template: string, tasks: readonly string[]): TaskGroup {
    return {
      service: idOf(service.meta),
      template,
      ...this.model.demand(template),
      placement: service.spec.placement,
      labels: service.meta.labels,
      annotations: service.meta.annotations,
      tasks,
    };
  }

  /** The scheduler a service names, or the first one; undefined if there is none of that name. */
  schedulerOf({ spec }: Service): Scheduler | undefined {
    const { schedulers } = this.#parts;
    return spec.scheduler === undefined
      ? schedulers[0]
      : schedulers.find(({ name }) => name === spec.scheduler);
  }

  #nodesFor(service: Service, task: Task): Round['nodes'] {
    const { nodeOf } = modeOf(service.spec);
    if (nodeOf === undefined) return this.model.nodes;
    const node = this.model.node(nodeOf(task.spec.slot));
    return node === undefined ? [] : [node];
  }
}

function hasEnded(before: Task, after: Task): boolean {
  return !isFinal(before.status.state) && isFinal(after.status.state);
}

/** A node as it would be without one task of a service. */
function without(node: NodeView, service: string, { requests, hostPorts }: Demand): NodeView {
  const used: Record<string, number> = { ...node.used };
  for (const resource in requests) used[resource] = (used[resource] ?? 0) - (requests[resource] ?? 0);
  const tasksOf = new Map(node.tasksOf);
  tasksOf.set(service, Math.max(0, (tasksOf.get(service) ?? 0) - 1));
  const taken = new Set(hostPorts);
  const left = [...node.hostPorts].filter((port) => !taken.has(port));
  return { ...node, used, tasks: node.tasks - 1, tasksOf, hostPorts: new Set(left) };
}
