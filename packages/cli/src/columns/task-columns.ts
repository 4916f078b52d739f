import { isFinal, type Task } from '@gantry/core/model';
import type { Column } from '../output/columns.ts';
import { showAge } from '../output/duration.ts';
import { AGE, NAME, tint } from './common.ts';

/** Reasons that add nothing to the state. */
const PLAIN: ReadonlySet<string> = new Set(['Completed', 'Exited', 'Stopped', 'NodeLost']);

/** Formats the state of a task: `running`, `failed (1)`, `pending: NoNodeFits`. */
export function taskState({ status }: Task): string {
  const { state, exitCode, reason, ready } = status;
  if (isFinal(state)) {
    const code = exitCode === undefined || exitCode === 0 ? '' : ` (${exitCode})`;
    const why = reason === undefined || PLAIN.has(reason) ? '' : `: ${reason}`;
    return `${state}${code}${why}`;
  }
  return (state === 'running' && ready) || reason === undefined ? state : `${state}: ${reason}`;
}

/** The addresses of a task, such as `10.0.0.2`, or its ports if it has no addresses. */
export function taskAddress({ status }: Task): string {
  const addresses = Object.values(status.addresses ?? {});
  if (addresses.length > 0) return addresses.join(',');
  const ports = (status.ports ?? []).map(({ address, port }) => `${address}:${port}`);
  return ports.length === 0 ? '<none>' : ports.join(',');
}

export const TASK_COLUMNS: readonly Column<Task>[] = Object.freeze([
  NAME,
  { title: 'SLOT', cell: ({ spec }: Task) => spec.slot },
  { title: 'NODE', cell: ({ spec }: Task) => spec.node ?? '<none>' },
  {
    title: 'STATE',
    cell: (task: Task, { colors }) =>
      tint(colors, task.status.state) + taskState(task).slice(task.status.state.length),
  },
  { title: 'READY', cell: ({ status }: Task) => (status.ready ? 'yes' : 'no') },
  { title: 'RESTARTS', cell: ({ spec }: Task) => String(spec.restarts) },
  { title: 'SINCE', cell: ({ status }: Task, { now }) => showAge(now - status.since) },
  AGE,
  { title: 'SERVICE', wide: true, cell: ({ spec }: Task) => spec.service },
  { title: 'TEMPLATE', wide: true, cell: ({ spec }: Task) => spec.template },
  { title: 'ATTEMPT', wide: true, cell: ({ spec }: Task) => String(spec.attempt) },
  { title: 'ADDRESS', wide: true, cell: taskAddress },
  { title: 'MESSAGE', wide: true, cell: ({ status }: Task) => status.message ?? '<none>' },
]);
