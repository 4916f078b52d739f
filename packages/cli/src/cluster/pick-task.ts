import { parseId, type Task } from '@gantry/core/model';
import { CliError } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import { withSuggestion } from './refs.ts';

/** Returns the running tasks of a service, ready ones first. */
export async function runningTasks(cx: Cx, service: string): Promise<readonly Task[]> {
  const api = await cx.api();
  await withSuggestion(cx, 'service', service, () => api.get('service', service, { signal: cx.signal }));
  const fields = `spec.service=${service},status.state=running`;
  const { items } = await api.list('task', {
    namespace: parseId(service).namespace,
    fields,
    signal: cx.signal,
  });
  const running = items.filter(({ spec }) => spec.desired === 'running');
  return running.toSorted((a, b) => Number(b.status.ready) - Number(a.status.ready));
}

/** Picks a running task of a service. */
export async function pickTask(cx: Cx, service: string): Promise<Task> {
  const [task] = await runningTasks(cx, service);
  if (task !== undefined) return task;
  throw new CliError(
    'UNAVAILABLE',
    `service ${service} has no running task`,
    `see why with \`gantry explain service/${service}\``,
  );
}
