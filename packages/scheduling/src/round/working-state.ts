import type { NodeView, Round, TaskGroup } from '@gantry/core/contracts';
import type { ClusterState, FieldColumn, NodeState } from '../cluster-state.ts';
import { fieldColumn, fieldReader } from './field-column.ts';
import { NearIndex } from './near-counts.ts';
import { ServiceCounts } from './service-counts.ts';
import { shuffled } from './shuffled.ts';
import { WorkingNode } from './working-node.ts';

interface WorkingResource {
  readonly capacity: Float64Array;
  readonly used: Float64Array;
}

/** The request of the group in turn for a resource. */
interface Request extends WorkingResource {
  readonly amount: number;
}

/**
 * The cluster as a round changes it. Changing values are kept in columns, one typed array over all nodes for each
 * resource. The order of the nodes is drawn from the round's randomness, so "the first of equals" is a fair and
 * repeatable choice.
 */
export class WorkingState implements ClusterState {
  readonly nodes: readonly WorkingNode[];
  readonly names: readonly string[];
  readonly tasks: Int32Array;
  readonly services: ServiceCounts;
  /** Indices of the nodes that have changed, in the order of the changes. */
  readonly changes: number[] = [];
  /** The nodes in the order of the round. */
  readonly #views: readonly NodeView[];
  /** Index of the node at each place of the list. */
  readonly #indexOf: Int32Array;
  #group: TaskGroup | undefined;
  #requests: readonly Request[] = [];
  readonly #resources = new Map<string, WorkingResource>();
  readonly #fields = new Map<string, FieldColumn>();
  readonly #near = new NearIndex();
  readonly #hostPorts = new Map<string, Set<number>>();

  constructor({ nodes, random }: Round) {
    this.#views = nodes;
    this.#indexOf = shuffled(nodes.length, random);
    const views = this.#arranged((view) => view);
    const schedulable = this.#arranged((view) => view.schedulable);
    this.names = this.#arranged(({ name }) => name);
    const listed = this.#numbers(new Int32Array(nodes.length), (_, at) => at);
    this.nodes = views.map(
      (view, index) =>
        new WorkingNode(
          view,
          this.names[index] as string,
          schedulable[index] as true | string,
          index,
          listed[index] as number,
          this,
        ),
    );
    this.tasks = this.#numbers(new Int32Array(nodes.length), ({ tasks }) => tasks);
    this.services = new ServiceCounts(
      this.#arranged(({ tasksOf }) => (tasksOf.size === 0 ? undefined : tasksOf)),
    );
  }

  /** Begins the turn of a group. */
  begin(group: TaskGroup): void {
    this.consider(group);
    this.services.begin(group.service);
  }

  /** Makes `share` refer to this group, whether it is in turn or not. */
  consider(group: TaskGroup): void {
    this.#group = group;
    this.#requests = Object.entries(group.requests)
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]) => ({ amount, ...this.resource(name) }));
  }

  /** Ends the turn. */
  end(assigned: Int32Array): void {
    this.services.end(assigned);
  }

  /** Puts tasks of the group in turn on a node. */
  place(index: number, count: number): void {
    const { service, hostPorts } = this.#group as TaskGroup;
    for (const { used, amount } of this.#requests) used[index] = (used[index] as number) + amount * count;
    this.tasks[index] = (this.tasks[index] as number) + count;
    this.services.add(index, count);
    this.changes.push(index);
    this.#near.add(service, index, count);
    for (const port of hostPorts) {
      const holders = this.#hostPorts.get(port);
      if (holders === undefined) this.#hostPorts.set(port, new Set([index]));
      else holders.add(index);
    }
  }

  /** Undefined for a resource that no group in the round requests. */
  used(resource: string, index: number): number | undefined {
    return this.#resources.get(resource)?.used[index];
  }

  share(index: number, more: number): number {
    let share = 0;
    for (const { capacity, used, amount } of this.#requests) {
      const of = (used[index] as number) + amount * more;
      if (of === 0) continue;
      const part = of / (capacity[index] as number);
      if (part > share) share = part;
    }
    return share > 1 ? 1 : share;
  }

  placedHostPort(port: string, index: number): boolean {
    return this.#hostPorts.get(port)?.has(index) === true;
  }

  resource(name: string): WorkingResource {
    let column = this.#resources.get(name);
    if (column === undefined) {
      column = {
        capacity: this.#numbers(new Float64Array(this.#views.length), ({ capacity }) => capacity[name] ?? 0),
        used: this.#numbers(new Float64Array(this.#views.length), ({ used }) => used[name] ?? 0),
      };
      this.#resources.set(name, column);
    }
    return column;
  }

  field(field: string): FieldColumn {
    let column = this.#fields.get(field);
    if (column === undefined) {
      column = fieldColumn(this.#arranged(fieldReader(field)));
      this.#fields.set(field, column);
    }
    return column;
  }

  tasksNear(service: string, node: NodeState, ...fields: string[]): number {
    const { column, counts } = this.#near.get(service, fields.join(' '), () => {
      const column = this.#columnOf(fields);
      const counts = new Int32Array(column.size);
      column.codes.forEach((code, index) => {
        counts[code] = (counts[code] as number) + this.services.of(service, index);
      });
      return { column, counts };
    });
    return counts[column.codes[(node as WorkingNode).index] as number] as number;
  }

  /** Returns one column for several fields: equal where all of the fields are equal. */
  #columnOf(fields: readonly string[]): FieldColumn {
    if (fields.length === 1) return this.field(fields[0] as string);
    const columns = fields.map((field) => this.field(field));
    return fieldColumn(this.nodes.map(({ index }) => columns.map(({ codes }) => codes[index]).join(' ')));
  }

  /**
   * Returns one value of each node, by index. Nodes are read in the order of the list: random memory access takes far
   * longer.
   */
  #arranged<T>(of: (view: NodeView) => T): readonly T[] {
    const values = new Array<T>(this.#views.length);
    for (let at = 0; at < values.length; at++) {
      values[this.#indexOf[at] as number] = of(this.#views[at] as NodeView);
    }
    return values;
  }

  #numbers<Numbers extends Int32Array | Float64Array>(
    into: Numbers,
    of: (view: NodeView, at: number) => number,
  ): Numbers {
    for (let at = 0; at < into.length; at++) {
      into[this.#indexOf[at] as number] = of(this.#views[at] as NodeView, at);
    }
    return into;
  }
}
