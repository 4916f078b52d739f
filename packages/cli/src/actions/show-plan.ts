import type { PlannedService } from '@gantry/core/api';
import type { AnyInput } from '@gantry/core/model';
import { parseFormat, renderData } from '../output/format.ts';
import { renderExplanation } from '../output/render-explanation.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { ManagerOptions } from './apply-inputs.ts';

/** Prints the result of a plan. */
export async function showPlan(
  cx: Cx,
  inputs: readonly AnyInput[],
  options: ManagerOptions & { readonly output?: string },
): Promise<void> {
  const api = await cx.api();
  const { manager, force } = options;
  const planned = await api.plan(inputs, { manager, force, signal: cx.signal });
  const format = parseFormat(options.output);
  if (format.type !== 'table') {
    const names = (): string[] => planned.map(({ service }) => `service/${service}`);
    cx.io.stdout.write(await renderData(format, { items: planned }, names));
    return;
  }
  if (planned.length === 0) cx.note('No services.');
  else cx.io.stdout.write(renderTable(planRows(planned)));
  for (const { service, unplaced, placement } of planned) {
    if (unplaced === 0) continue;
    cx.print(`\n${cx.colors.yellow(`service/${service}: ${unplaced} new tasks fit nowhere`)}`);
    if (placement !== undefined) cx.io.stdout.write(renderExplanation(placement, cx.colors));
  }
}

/** Renders a plan as a table. */
export function planRows(planned: readonly PlannedService[]): string[][] {
  const titles = ['SERVICE', 'CHANGE', 'KEEP', 'REPLACE', 'STOP', 'NEW', 'UNPLACED', 'NODES'];
  const rows = planned.map((each) => [
    each.service,
    each.change,
    ...[each.keep, each.replace, each.stop, each.nodes.length + each.unplaced, each.unplaced].map(String),
    countNodes(each.nodes),
  ]);
  return [titles, ...rows];
}

/** Counts tasks by node: `node-1 ×3, node-2`. */
function countNodes(nodes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1);
  const shown = [...counts].slice(0, 8).map(([node, count]) => (count === 1 ? node : `${node} ×${count}`));
  if (counts.size > shown.length) shown.push(`and ${counts.size - shown.length} more`);
  return shown.join(', ') || '<none>';
}
