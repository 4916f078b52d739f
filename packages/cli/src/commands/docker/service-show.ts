import { parseId, type Service, type Task } from '@gantry/core';
import { allPages } from '../../cluster/all-pages.ts';
import { parseService, withSuggestion } from '../../cluster/refs.ts';
import { describeService } from '../../describe/service.ts';
import { renderFields } from '../../output/fields.ts';
import { printObjects } from '../../output/print-objects.ts';
import type { Cx } from '../../session.ts';

/** Shows the tasks of services, those that run first. */
export async function showTasksOf(cx: Cx, services: readonly string[], runningOnly: boolean): Promise<void> {
  const tasks: Task[] = [];
  for (const id of services) {
    await getService(cx, id);
    tasks.push(...(await tasksOf(cx, id)));
  }
  const shown = tasks
    .filter(({ spec }) => !runningOnly || spec.desired === 'running')
    .sort((a, b) => Number(b.spec.desired === 'running') - Number(a.spec.desired === 'running'));
  if (shown.length === 0) return cx.note('No tasks.');
  await printObjects(cx, shown, { format: { type: 'table', wide: false }, headers: true, namespaces: false });
}

/** Docker's `service inspect`: a JSON array, or with `pretty` what `describe` shows. */
export async function inspectServices(cx: Cx, words: readonly string[], pretty: boolean): Promise<void> {
  const services: Service[] = [];
  for (const word of words) services.push(await getService(cx, await parseService(cx, word)));
  if (!pretty) return cx.print(JSON.stringify(services, null, 2));
  const context = { now: (await cx.clock()).now(), colors: cx.colors };
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
