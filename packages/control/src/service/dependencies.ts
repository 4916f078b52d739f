import { type Dependency, idBeside, type Service, type Task } from '@gantry/core';

/** What has to be known of the services that another one depends on. */
export interface DependencyFacts {
  service(id: string): Service | undefined;
  tasks(id: string): Iterable<Task>;
}

/** Why the first tasks of a service have to wait: the first dependency that is not as far as it should be, in words. Pure. */
export function waitsFor(
  id: string,
  dependsOn: readonly Dependency[],
  facts: DependencyFacts,
): string | undefined {
  for (const { service, condition } of dependsOn) {
    const on = idBeside(id, service);
    const found = facts.service(on);
    if (found === undefined) return `there is no service ${on} yet`;
    if (!isMet(condition, found, facts.tasks(on))) return `service ${on} is not ${condition} yet`;
  }
  return undefined;
}

function isMet(condition: Dependency['condition'], service: Service, tasks: Iterable<Task>): boolean {
  const { desired, running, ready, observedGeneration } = service.status;
  if (observedGeneration === 0) return false;
  switch (condition) {
    case 'started':
      return running > 0 || completedSlots(tasks) > 0;
    case 'healthy':
      return desired > 0 && ready >= desired;
    case 'completed':
      return desired > 0 && completedSlots(tasks) >= desired;
  }
}

/** Slots whose newest task has ended well. */
function completedSlots(tasks: Iterable<Task>): number {
  const newest = new Map<string, Task>();
  for (const task of tasks) {
    const known = newest.get(task.spec.slot);
    if (known === undefined || known.spec.attempt < task.spec.attempt) newest.set(task.spec.slot, task);
  }
  return [...newest.values()].filter(({ status }) => status.state === 'complete').length;
}
