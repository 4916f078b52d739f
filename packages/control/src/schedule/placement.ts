import {
  type Component,
  type Explanation,
  type GroupPlan,
  idOf,
  type PlacementAdvisor,
  type Random,
  type RehearsedService,
  type Round,
  type Scheduler,
  type Service,
  type Task,
  type TaskGroup,
  type Views,
} from '@gantry/core';
import { ClusterModel } from './cluster-model.ts';
import { Explanations } from './explanations.ts';
import { rehearse } from './rehearse.ts';

interface Parts {
  readonly views: Views;
  readonly schedulers: readonly Scheduler[];
  readonly random: Random;
}

/**
 * What placing tasks stands on, kept current whether or not this process leads: the cluster as schedulers see it, and
 * what they have said. Answers questions; the loop of the leader decides.
 */
export class Placement implements PlacementAdvisor, Component {
  readonly name = 'placement';
  readonly model: ClusterModel;
  readonly explanations = new Explanations();
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
    for (const after of tasks.all())
      this.model.applyTask({ kind: 'task', name: idOf(after.value.meta), before: undefined, after });
    this.#unsubscribe.push(
      nodes.subscribe((events) => {
        for (const event of events) this.model.applyNode(event, tasks.by('node', event.name));
      }),
      tasks.subscribe((events) => {
        for (const event of events) this.model.applyTask(event);
      }),
      views.of('service').subscribe((events) => {
        for (const { name, after } of events) if (after === undefined) this.explanations.forget(name);
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

  rehearse(wanted: readonly RehearsedService[]): readonly GroupPlan[] {
    return rehearse(wanted, this.model, this.#parts.random, (service) => this.schedulerOf(service));
  }

  group(service: Service, template: string, tasks: readonly string[]): TaskGroup {
    return {
      service: idOf(service.meta),
      template,
      ...this.model.demand(template),
      placement: service.spec.placement,
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
    if (service.spec.mode !== 'global') return this.model.nodes;
    const node = this.model.node(task.spec.slot);
    return node === undefined ? [] : [node];
  }
}
