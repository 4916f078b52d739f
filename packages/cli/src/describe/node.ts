import type { Node, Task, Template } from '@gantry/core/model';
import { showTaints } from '../columns/node-columns.ts';
import type { Field } from '../output/fields.ts';
import { showAmount, showShare } from '../output/quantity.ts';
import { renderTable } from '../output/table.ts';
import { conditionsField, type DescribeContext, metaFields, pairs, showTime } from './common.ts';
import { taskTable } from './service.ts';

/** Describes a node. `tasks`: its tasks that have not ended; `templates`: their templates, by name. */
export function describeNode(
  node: Node,
  tasks: readonly Task[],
  templates: ReadonlyMap<string, Template>,
  context: DescribeContext,
): Field[] {
  const { meta, spec, status } = node;
  return [
    ...metaFields(meta, context),
    ['State', `${status.state}, since ${showTime(status.since, context.now)}`],
    ['Message', status.message],
    ['Agent', status.agent && `process ${status.agent.pid} on ${status.agent.host}`],
    ['Availability', spec.availability],
    ['Taints', spec.taints.length === 0 ? undefined : showTaints(node).split(',')],
    ['Attributes', pairs(status.attributes)],
    ['Features', status.features?.join(', ')],
    { title: 'Resources', text: resourceTable(node, tasks, templates) },
    conditionsField(status.conditions, context),
    { title: 'Tasks', text: taskTable(tasks, context) },
  ];
}

function resourceTable(node: Node, tasks: readonly Task[], templates: ReadonlyMap<string, Template>): string {
  const promised = requestsOf(tasks, templates);
  const rows = Object.entries(node.status.capacity).map(([name, capacity]) => {
    const used = promised[name] ?? 0;
    return [name, showAmount(name, capacity), showAmount(name, used), showShare(used, capacity)];
  });
  return rows.length === 0 ? '' : renderTable([['RESOURCE', 'CAPACITY', 'PROMISED', 'SHARE'], ...rows]);
}

/** Sums the resource requests of tasks. */
export function requestsOf(
  tasks: readonly Task[],
  templates: ReadonlyMap<string, Template>,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { spec } of tasks) {
    for (const [name, amount] of Object.entries(
      templates.get(spec.template)?.spec.resources.requests ?? {},
    )) {
      sums[name] = (sums[name] ?? 0) + amount;
    }
  }
  return sums;
}
