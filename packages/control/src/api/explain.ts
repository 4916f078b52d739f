import { type Clock, GantryError, type PlacementAdvisor, type Views } from '@gantry/core';
import type { ExplainResult } from '@gantry/core/api';
import type { AvoidedNode } from '@gantry/core/contracts';
import { idOf, isFinal, type Service, type Task } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';

interface Parts {
  readonly views: Views;
  readonly advisor: PlacementAdvisor;
  readonly clock: Clock;
}

/** Maximum number of tasks of a service whose problems are listed one by one; the others are counted. */
const SHOWN = 10;

/** Explains why a task is where it is or nowhere, from the scheduler's explanation and its status. */
export function explainTask(parts: Parts, name: string): ExplainResult {
  const { views, clock } = parts;
  const task = views.of('task').get(name)?.value;
  if (task === undefined) throw new GantryError('NOT_FOUND', `task "${name}" not found`);
  const service = views.of('service').get(task.spec.service)?.value;
  const now = clock.now();
  return {
    kind: 'task',
    name,
    node: task.spec.node,
    state: task.status.state,
    ...placementOf(parts, service, task),
    notes: [
      ...taskNotes(task, now),
      ...(service === undefined ? [] : serviceNotes(service)),
      ...avoidedNotes(parts.advisor.avoided(task.spec.service, task.spec.template), now),
    ],
  };
}

/** Explains a service: the placement of its waiting task if it has one, otherwise of its newest; and every problem. */
export function explainService(parts: Parts, name: string): ExplainResult {
  const { views, advisor, clock } = parts;
  const service = views.of('service').get(name)?.value;
  if (service === undefined) throw new GantryError('NOT_FOUND', `service "${name}" not found`);
  const now = clock.now();
  const slots = new Map<string, Task>();
  let shown: Task | undefined;
  for (const { value } of views.of('task').by('service', name)) {
    const known = slots.get(value.spec.slot);
    if (known === undefined || known.spec.attempt < value.spec.attempt) slots.set(value.spec.slot, value);
    const waits = value.status.state === 'pending';
    if (shown === undefined || (waits && shown.status.state !== 'pending')) shown = value;
    else if (!waits && shown.status.state !== 'pending' && value.meta.createdAt > shown.meta.createdAt)
      shown = value;
  }
  const troubled = [...slots.values()].filter(
    ({ status, spec }) => !status.ready && spec.desired !== 'shutdown',
  );
  const more = troubled.length - SHOWN;
  return {
    kind: 'service',
    name,
    ...(shown === undefined
      ? { placement: advisor.last(name, service.status.template) }
      : { ...placementOf(parts, service, shown), state: shown.status.state }),
    notes: [
      ...serviceNotes(service),
      ...troubled.slice(0, SHOWN).flatMap((task) => taskNotes(task, now)),
      ...(more > 0 ? [`${counted(more, 'more task is', 'more tasks are')} not ready`] : []),
      ...(slots.size === 0 ? ['it has no tasks'] : []),
      ...avoidedNotes(advisor.avoided(name, service.status.template), now),
    ],
  };
}

/** The scheduler's explanation; requested again for a waiting task, and if the decision is no longer remembered. */
function placementOf(
  { advisor }: Parts,
  service: Service | undefined,
  task: Task,
): Pick<ExplainResult, 'placement'> {
  const { service: id, template } = task.spec;
  const waits = task.status.state === 'pending';
  const known = waits ? undefined : advisor.last(id, template, idOf(task.meta));
  if (known !== undefined || service === undefined) return { placement: known };
  const placement = advisor.ask(service, task);
  if (waits || placement === undefined) return { placement };
  const summary = `as of now, since the decision about this task is no longer remembered: ${placement.summary}`;
  return { placement: { ...placement, summary } };
}

function taskNotes({ status, spec, meta }: Task, now: number): string[] {
  const notes: string[] = [];
  const retry = status.retryAt !== undefined && status.retryAt > now;
  const next = retry ? `; next attempt in ${seconds((status.retryAt as number) - now)}` : '';
  const reason = status.reason === undefined ? '' : ` (${status.reason})`;
  if (status.message !== undefined || retry)
    notes.push(
      `${meta.name} is ${status.state}${reason}: ${status.message ?? 'no reason was reported'}${next}`,
    );
  if (spec.restarts > 0) notes.push(`${meta.name} is restart ${spec.restarts} in a row`);
  if (status.state === 'running' && !status.ready && status.message === undefined)
    notes.push(`${meta.name} is running, and not ready for traffic yet`);
  if (spec.desired === 'shutdown' && !isFinal(status.state)) notes.push(`${meta.name} was asked to stop`);
  return notes;
}

function serviceNotes({ meta, status }: Service): string[] {
  const notes: string[] = [];
  const { progress } = status;
  if (meta.deletedAt !== undefined) notes.push('the service is being deleted');
  if (progress?.state === 'failed') notes.push(`failed (${progress.reason}): ${progress.message}`);
  for (const { type, status: holds, reason, message } of status.conditions) {
    const bad = holds === (type === 'Degraded' ? 'true' : 'false');
    if (bad && message !== progress?.message) notes.push(`${type} is ${holds} (${reason}): ${message}`);
  }
  return notes;
}

function avoidedNotes(avoided: readonly AvoidedNode[], now: number): string[] {
  return avoided.map(
    ({ node, failures, message, until }) =>
      `node ${node} is avoided for ${seconds(until - now)}: ${failures} ${failures === 1 ? 'task' : 'tasks'} failed there in a row, the last one with: ${message}`,
  );
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
