import type { AnyObject, Node } from '@gantry/core/model';
import { columnsOf } from '../columns/index.ts';
import type { Column } from '../output/columns.ts';
import { showBytes, showCpu, showShare } from '../output/quantity.ts';
import type { UsageOf } from './usage-of.ts';
import type { ViewKind } from './view-kinds.ts';

/** Titles of the columns before which usage is inserted. */
const USAGE_BEFORE: ReadonlySet<string> = new Set(['IMAGE', 'SINCE', 'RUNTIME']);

/** Columns of a list: those of `gantry get`, with usage instead of capacity. */
export function liveColumns(kind: ViewKind, namespaces: boolean, usageOf: UsageOf): readonly Column[] {
  const columns = columnsOf(kind, { wide: false, namespaces: namespaces && kind !== 'node' });
  if (kind === 'event') return columns;
  const own = columns.filter(({ title }) => title !== 'CPU' && title !== 'MEMORY' && title !== 'UPDATED');
  const used = kind === 'node' ? nodeUsage(usageOf) : plainUsage(usageOf);
  const at = own.findIndex(({ title }) => USAGE_BEFORE.has(title));
  return [...own.slice(0, at), ...used, ...own.slice(at)];
}

function plainUsage(usageOf: UsageOf): readonly Column[] {
  return [
    { title: 'CPU', cell: (object) => amount(usageOf(object)?.cpu, showCpu) },
    { title: 'MEMORY', cell: (object) => amount(usageOf(object)?.memory, showBytes) },
  ];
}

function nodeUsage(usageOf: UsageOf): readonly Column[] {
  const capacity = (object: AnyObject): Node['status']['capacity'] => (object as Node).status.capacity;
  return [
    { title: 'TASKS', cell: (object) => String(usageOf(object)?.tasks ?? '-') },
    {
      title: 'CPU',
      cell: (object) => share(usageOf(object)?.cpu, capacity(object).cpu, showCpu),
    },
    {
      title: 'MEMORY',
      cell: (object) => share(usageOf(object)?.memory, capacity(object).memory, showBytes),
    },
  ];
}

const amount = (value: number | undefined, show: (value: number) => string): string =>
  value === undefined ? '-' : show(value);

/** Formats a share: `250m of 4 (6%)`. */
function share(used: number | undefined, whole: number | undefined, show: (value: number) => string): string {
  const all = show(whole ?? 0);
  return used === undefined ? `- of ${all}` : `${show(used)} of ${all} (${showShare(used, whole)})`;
}
