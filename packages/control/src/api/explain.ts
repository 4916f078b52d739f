import {
  type ExplainResult,
  type Explanation,
  GantryError,
  idOf,
  isFinal,
  type PlacementAdvisor,
  type Service,
  type Task,
  type Views,
} from '@gantry/core';

/** Why a task is where it is or nowhere, from what the scheduler said and what the states tell. */
export function explainTask(views: Views, advisor: PlacementAdvisor, name: string): ExplainResult {
  const task = views.of('task').get(name)?.value;
  if (task === undefined) throw new GantryError('NOT_FOUND', `there is no task ${name}`);
  const service = views.of('service').get(task.spec.service)?.value;
  const waiting = task.status.state === 'pending';
  const placement =
    waiting && service !== undefined
      ? advisor.ask(service, task)
      : advisor.last(task.spec.service, task.spec.template, name);
  return {
    kind: 'task',
    name,
    node: task.spec.node,
    state: task.status.state,
    placement,
    notes: [...taskNotes(task), ...(service === undefined ? [] : serviceNotes(service))],
  };
}

/** The same for a service: its waiting task if it has one, else its newest. */
export function explainService(views: Views, advisor: PlacementAdvisor, name: string): ExplainResult {
  const service = views.of('service').get(name)?.value;
  if (service === undefined) throw new GantryError('NOT_FOUND', `there is no service ${name}`);
  let newest: Task | undefined;
  for (const { value } of views.of('task').by('service', name)) {
    if (value.status.state === 'pending')
      return { ...explainTask(views, advisor, idOf(value.meta)), kind: 'service', name };
    if (newest === undefined || value.meta.createdAt > newest.meta.createdAt) newest = value;
  }
  const placement: Explanation | undefined = advisor.last(name, service.status.template);
  return {
    kind: 'service',
    name,
    placement,
    notes: [...serviceNotes(service), ...(newest === undefined ? ['it has no tasks'] : taskNotes(newest))],
  };
}

function taskNotes(task: Task): string[] {
  const { status, spec, meta } = task;
  const notes: string[] = [];
  if (status.message !== undefined) notes.push(`${meta.name} is ${status.state}: ${status.message}`);
  if (spec.restarts > 0) notes.push(`${meta.name} is restart ${spec.restarts} in a row`);
  if (status.state === 'running' && !status.ready)
    notes.push(`${meta.name} runs, but is not ready for traffic`);
  if (spec.desired === 'shutdown' && !isFinal(status.state)) notes.push(`${meta.name} was told to stop`);
  return notes;
}

function serviceNotes({ meta, status }: Service): string[] {
  const notes: string[] = [];
  if (meta.deletedAt !== undefined) notes.push('the service is being deleted');
  if (status.update?.state.endsWith('paused')) notes.push(`its update is paused: ${status.update.message}`);
  for (const condition of status.conditions) {
    if (condition.status === 'false') notes.push(`${condition.type} is false: ${condition.message}`);
  }
  return notes;
}
