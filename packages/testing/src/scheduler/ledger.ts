import type { NodeView, Plan, Round, TaskGroup } from '@gantry/core/contracts';
import { parseConstraint, satisfies } from '@gantry/core/model';

/**
 * What a plan means for the nodes, recomputed from the round alone: the kit's reference, kept as simple as possible.
 */
export class Ledger {
  readonly #nodes: ReadonlyMap<string, Entry>;

  constructor(nodes: readonly NodeView[]) {
    this.#nodes = new Map(
      nodes.map((view) => [
        view.name,
        {
          view,
          used: new Map(Object.entries(view.used)),
          tasksOf: new Map(view.tasksOf),
          hostPorts: new Set(view.hostPorts),
        },
      ]),
    );
  }

  /** Why the node must not get one more task of the group; undefined if it may. */
  objection(group: TaskGroup, name: string): string | undefined {
    const node = this.#nodes.get(name);
    if (node === undefined) return `node "${name}" not found`;
    const { view, used, tasksOf, hostPorts } = node;
    if (view.schedulable !== true) return `"${name}" is not schedulable: ${view.schedulable}`;
    for (const text of group.placement.constraints) {
      const constraint = parseConstraint(text);
      if ('message' in constraint || !satisfies(view, constraint))
        return `"${name}" does not satisfy ${text}`;
    }
    for (const [resource, amount] of Object.entries(group.requests)) {
      const sum = (used.get(resource) ?? 0) + amount;
      const capacity = view.capacity[resource] ?? 0;
      if (amount > 0 && sum > capacity) return `"${name}" would use ${sum} of ${capacity} ${resource}`;
    }
    const max = group.placement.maxReplicasPerNode;
    const count = tasksOf.get(group.service) ?? 0;
    if (max > 0 && count >= max)
      return `"${name}" has ${count} tasks of ${group.service}, at most ${max} may be`;
    const port = group.hostPorts.find((one) => hostPorts.has(one));
    return port === undefined ? undefined : `"${name}" uses the host port ${port} already`;
  }

  /** Records a task on a node, right or wrong. */
  place({ service, requests, hostPorts }: TaskGroup, name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    for (const [resource, amount] of Object.entries(requests)) {
      node.used.set(resource, (node.used.get(resource) ?? 0) + amount);
    }
    node.tasksOf.set(service, (node.tasksOf.get(service) ?? 0) + 1);
    for (const port of hostPorts) node.hostPorts.add(port);
  }

  /** The nodes that could take one more task of the group. */
  open(group: TaskGroup): readonly string[] {
    return [...this.#nodes.keys()].filter((name) => this.objection(group, name) === undefined);
  }
}

interface Entry {
  readonly view: NodeView;
  readonly used: Map<string, number>;
  readonly tasksOf: Map<string, number>;
  readonly hostPorts: Set<string>;
}

/** Everything that is wrong with the placements of a plan, and with the tasks it leaves unplaced. */
export function objections({ groups, nodes }: Round, plan: Plan): readonly string[] {
  const ledger = new Ledger(nodes);
  const problems: string[] = [];
  groups.forEach((group, at) => {
    const placed = plan.groups[at]?.nodes ?? [];
    placed.forEach((node, task) => {
      const objection = ledger.objection(group, node);
      if (objection !== undefined)
        problems.push(`${group.tasks[task] ?? 'a task that does not exist'}: ${objection}`);
      ledger.place(group, node);
    });
  });
  groups.forEach((group, at) => {
    const left = group.tasks.length - (plan.groups[at]?.nodes.length ?? 0);
    const [open] = left > 0 ? ledger.open(group) : [];
    if (open !== undefined)
      problems.push(`${left} tasks of ${group.service} are left, but "${open}" could take one`);
  });
  return problems;
}
