import { type AnyObject, idOf, type Node, type Service, type Task } from '@gantry/core/model';
import { showImage, showPorts } from '../columns/service-columns.ts';
import { taskAddress, taskState } from '../columns/task-columns.ts';
import { showAge } from '../output/duration.ts';
import { parseGoTemplate, renderGoTemplate } from '../output/go-template.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';

/** Fields of a row, with Docker's names. */
export type FormatRow = Readonly<Record<string, unknown>>;

export const FORMAT_HELP = "Go template such as '{{.Name}}\\t{{json .}}', 'table {{.Name}}', or json";

/** Row of Docker's `service ls`. */
export const serviceRow = (service: Service): FormatRow => ({
  ID: service.meta.uid,
  Name: service.meta.name,
  Namespace: service.meta.namespace ?? 'default',
  Mode: service.spec.mode,
  Replicas: `${service.status.ready}/${service.status.desired}`,
  Image: showImage(service.spec.template),
  Ports: service.spec.template.ports.length === 0 ? '' : showPorts(service),
  Labels: service.meta.labels,
});

/** Row of Docker's `service ps`, `stack ps` and `node ps`. */
export const taskRow = (task: Task, now: number): FormatRow => ({
  ID: task.meta.uid,
  Name: task.meta.name,
  Namespace: task.meta.namespace ?? 'default',
  Service: task.spec.service,
  Node: task.spec.node ?? '',
  DesiredState: task.spec.desired,
  CurrentState: `${taskState(task)} ${showAge(now - task.status.since)} ago`,
  Error: task.status.ready ? '' : (task.status.message ?? ''),
  Ports: taskAddress(task) === '<none>' ? '' : taskAddress(task),
  Labels: task.meta.labels,
});

/** Row of Docker's `node ls`. */
export const nodeRow = ({ meta, spec, status }: Node): FormatRow => ({
  ID: meta.uid,
  Name: meta.name,
  Hostname: status.attributes.hostname ?? meta.name,
  Status: status.state,
  Availability: spec.availability,
  Runtime: status.attributes.runtime ?? '',
  Labels: meta.labels,
});

/** Row of `inspect`: Gantry's own fields and the ones that every object of Docker has. */
export const inspectRow = (object: AnyObject): FormatRow => ({
  ID: object.meta.uid,
  Name: idOf(object.meta),
  Labels: object.meta.labels,
  ...(object as unknown as FormatRow),
});

/**
 * Prints rows in the given format: one line each, or a table.
 *
 * @param isClosed whether rows have all their fields, so that an unknown one is a usage error
 */
export function printRows(cx: Cx, format: string, rows: readonly FormatRow[], isClosed = true): void {
  if (format === 'json') {
    for (const row of rows) cx.print(JSON.stringify(row));
    return;
  }
  const template = parseGoTemplate(format);
  if (!template.table) {
    for (const row of rows) cx.print(renderGoTemplate(template, row, isClosed));
    return;
  }
  const titles = Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, titleOf(name)]));
  const lines = [...(rows.length === 0 ? [] : [titles]), ...rows].map((row) =>
    renderGoTemplate(template, row, isClosed).split('\t'),
  );
  cx.io.stdout.write(renderTable(lines));
}

/** Converts `DesiredState` to `DESIRED STATE`. */
const titleOf = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase();
