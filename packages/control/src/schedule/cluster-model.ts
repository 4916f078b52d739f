import type { Entry, NodeView, ViewEvent } from '@gantry/core/contracts';
import {
  featuresOfTemplate,
  isFinal,
  type Node,
  type Resources,
  type Task,
  type Template,
  type TemplateSpec,
} from '@gantry/core/model';

/** The resources that the tasks of one template take from a node. */
export interface Demand {
  readonly requests: Resources;
  readonly hostPorts: readonly string[];
  readonly features: readonly string[];
}

interface MutableNode extends Omit<NodeView, 'features'> {
  schedulable: true | string;
  labels: NodeView['labels'];
  attributes: NodeView['attributes'];
  taints: NodeView['taints'];
  features?: NodeView['features'];
  capacity: Resources;
  used: Record<string, number>;
  tasks: number;
  tasksOf: Map<string, number>;
  hostPorts: Set<string>;
  /** Number of tasks with each host port: two for a moment, while one replaces the other. */
  readonly hostPortTasks: Map<string, number>;
}

/** Returns the demand of a task of this template. */
export function demandOf(template: TemplateSpec): Demand {
  const { resources, ports } = template;
  return {
    requests: resources.requests,
    features: featuresOfTemplate(template),
    hostPorts: ports
      .filter((port) => port.mode === 'host' && port.published)
      .map((port) => `${port.protocol}:${port.published}`),
  };
}

const NOTHING: Demand = Object.freeze({
  requests: Object.freeze({}),
  hostPorts: Object.freeze([]),
  features: Object.freeze([]),
});

/**
 * The cluster as schedulers see it, kept current by the events of nodes and tasks instead of being recomputed for every
 * round.
 */
export class ClusterModel {
  /** Changes whenever a task that did not fit might fit now. */
  version = 0;
  readonly #nodes = new Map<string, MutableNode>();
  readonly #demands = new Map<string, Demand>();
  readonly #template: (hash: string) => Entry<Template> | undefined;
  #views: readonly NodeView[] | undefined;

  constructor(template: (hash: string) => Entry<Template> | undefined) {
    this.#template = template;
  }

  get nodes(): readonly NodeView[] {
    this.#views ??= [...this.#nodes.values()];
    return this.#views;
  }

  node(name: string): NodeView | undefined {
    return this.#nodes.get(name);
  }

  demand(hash: string): Demand {
    const known = this.#demands.get(hash);
    if (known !== undefined) return known;
    const spec = this.#template(hash)?.value.spec;
    if (spec === undefined) return NOTHING;
    const demand = demandOf(spec);
    this.#demands.set(hash, demand);
    return demand;
  }

  forgetTemplate(hash: string): void {
    this.#demands.delete(hash);
  }

  /** Takes in a change of a node; the tasks of a new node are recounted. */
  applyNode({ name, after }: ViewEvent<'node'>, tasks: Iterable<Entry<Task>>): void {
    this.version++;
    if (after === undefined) {
      this.#nodes.delete(name);
      this.#views = undefined;
      return;
    }
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      Object.assign(known, factsOf(after.value));
      return;
    }
    const node: MutableNode = {
      name,
      ...factsOf(after.value),
      used: {},
      tasks: 0,
      tasksOf: new Map(),
      hostPorts: new Set(),
      hostPortTasks: new Map(),
    };
    this.#nodes.set(name, node);
    this.#views = undefined;
    for (const { value } of tasks) if (counts(value)) this.#add(node, value, 1);
  }

  applyTask({ before, after }: ViewEvent<'task'>): void {
    const was = before !== undefined && counts(before.value) ? before.value : undefined;
    const is = after !== undefined && counts(after.value) ? after.value : undefined;
    if (was !== undefined && is !== undefined) return; // a task never changes its node or template
    if (was !== undefined) {
      this.#add(this.#nodes.get(was.spec.node as string), was, -1);
      this.version++;
    }
    if (is !== undefined) this.#add(this.#nodes.get(is.spec.node as string), is, 1);
  }

  #add(node: MutableNode | undefined, { spec }: Task, sign: 1 | -1): void {
    if (node === undefined) return;
    const { requests, hostPorts } = this.demand(spec.template);
    for (const resource in requests) {
      node.used[resource] = (node.used[resource] ?? 0) + sign * (requests[resource] as number);
    }
    node.tasks += sign;
    const count = (node.tasksOf.get(spec.service) ?? 0) + sign;
    if (count > 0) node.tasksOf.set(spec.service, count);
    else node.tasksOf.delete(spec.service);
    for (const port of hostPorts) {
      const holders = (node.hostPortTasks.get(port) ?? 0) + sign;
      if (holders > 0) node.hostPortTasks.set(port, holders);
      else node.hostPortTasks.delete(port);
      if (holders > 0) node.hostPorts.add(port);
      else node.hostPorts.delete(port);
    }
  }
}

/** Whether a task takes something from its node: from its assignment until it has ended. */
function counts({ spec, status }: Task): boolean {
  return spec.node !== undefined && !isFinal(status.state);
}

function factsOf(
  node: Node,
): Pick<NodeView, 'labels' | 'attributes' | 'taints' | 'features' | 'capacity' | 'schedulable'> {
  const { meta, spec, status } = node;
  const schedulable =
    status.state === 'down' ? 'down' : spec.availability === 'active' ? true : spec.availability;
  const { attributes, capacity } = status;
  const features = status.features === undefined ? undefined : new Set(status.features);
  return { labels: meta.labels, attributes, taints: spec.taints, features, capacity, schedulable };
}
