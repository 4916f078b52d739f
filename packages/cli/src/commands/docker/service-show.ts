import { parseId, type Service, type Task } from '@gantry/core/model';
import { allPages } from '../../cluster/all-pages.ts';
import { parseService, withSuggestion } from '../../cluster/refs.ts';
import { columnsOf, rowsOf } from '../../columns/index.ts';
import { short } from '../../columns/service-columns.ts';
import { describeService } from '../../describe/service.ts';
import { inspectRow, printRows, taskRow } from '../../docker/format.ts';
import type { Column } from '../../output/columns.ts';
import { renderFields } from '../../output/fields.ts';
import { renderTable } from '../../output/table.ts';
import type { Cx } from '../../session.ts';

export interface ShowTasksOptions {
  /** Only tasks whose desired state is running. */
  readonly running?: boolean;
  /** If false, errors are not truncated. */
  readonly trunc?: boolean;
  /** Go template. */
  readonly format?: string;
}

/** Lists the tasks of services, running ones first, with the reasons why they are not ready. */
export async function showTasksOf(
  cx: Cx,
  services: readonly string[],
  { running = false, trunc = true, format }: ShowTasksOptions = {},
): Promise<void> {
  const tasks: Task[] = [];
  for (const id of services) {
    await getService(cx, id);
    tasks.push(...(await tasksOf(cx, id)));
  }
  const shown = tasks
    .filter(({ spec }) => !running || spec.desired === 'running')
    .sort((a, b) => Number(b.spec.desired === 'running') - Number(a.spec.desired === 'running'));
  const now = (await cx.clock()).now();
  if (format !== undefined)
    return printRows(
      cx,
      format,
      shown.map((task) => taskRow(task, now)),
    );
  if (shown.length === 0) return cx.note('No tasks.');
  const error: Column<Task> = {
    title: 'ERROR',
    cell: ({ status: { ready, message = '' } }) => (ready ? '' : trunc ? short(message) : message),
  };
  const columns = [...columnsOf('task', { wide: false, namespaces: false }), error as Column];
  const context = { now, colors: cx.colors };
  cx.io.stdout.write(renderTable(rowsOf(shown, columns, context)));
}

/** Docker's `service inspect`: a JSON array, or with `pretty` what `describe` shows. */
export async function inspectServices(
  cx: Cx,
  words: readonly string[],
  pretty: boolean,
  format?: string,
): Promise<void> {
  const services: Service[] = [];
  for (const word of words) services.push(await getService(cx, await parseService(cx, word)));
  if (format !== undefined) return printRows(cx, format, services.map(inspectRow), false);
  if (!pretty) return cx.print(JSON.stringify(services, null, 2));
  const context = { now: (await cx.clock()).now(), colors: cx.colors, limit: 50 };
  for (const service of services) {
    const { name, namespace } = service.meta;
    const id = namespace === undefined || namespace === 'default' ? name : `${namespace}/${name}`;
    cx.io.stdout.write(renderFields(describeService(service, await tasksOf(cx, id), context), cx.colors));
  }
}

export async function tasksOf(cx: Cx, id: string): Promise<Task[]> {
  const api = await cx.api();
  const { namespace } = parseId(id);
  return (await allPages(api, 'task', { namespace, fields: `spec.service=${id}`, signal: cx.signal })).items;
}

async function getService(cx: Cx, id: string): Promise<Service> {
  const api = await cx.api();
  return withSuggestion(cx, 'service', id, () => api.get('service', id, { signal: cx.signal }));
}
