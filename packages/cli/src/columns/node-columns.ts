import type { Node } from '@gantry/core/model';
import type { Column } from '../output/columns.ts';
import { showBytes, showCpu } from '../output/quantity.ts';
import { AGE, NAME, showLabels, tint } from './common.ts';

/** Formats taints as `dedicated=db:NoSchedule,…`. */
export function showTaints({ spec }: Node): string {
  const taints = spec.taints.map(
    ({ key, value, effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`,
  );
  return taints.length === 0 ? '<none>' : taints.join(',');
}

const attribute = (name: string) => (node: Node) => node.status.attributes[name] ?? '<none>';

export const NODE_COLUMNS: readonly Column<Node>[] = Object.freeze([
  NAME,
  { title: 'STATE', cell: ({ status }: Node, { colors }) => tint(colors, status.state) },
  { title: 'AVAILABILITY', cell: ({ spec }: Node, { colors }) => tint(colors, spec.availability) },
  { title: 'CPU', cell: ({ status }: Node) => showCpu(status.capacity.cpu ?? 0) },
  { title: 'MEMORY', cell: ({ status }: Node) => showBytes(status.capacity.memory ?? 0) },
  { title: 'RUNTIME', cell: attribute('runtime') },
  AGE,
  { title: 'HOSTNAME', wide: true, cell: attribute('hostname') },
  {
    title: 'PLATFORM',
    wide: true,
    cell: ({ status }: Node) => `${status.attributes.os ?? '?'}/${status.attributes.arch ?? '?'}`,
  },
  { title: 'TAINTS', wide: true, cell: showTaints },
  { title: 'LABELS', wide: true, cell: ({ meta }: Node) => showLabels(meta.labels) },
]);
