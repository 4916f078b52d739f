import { type Dependency, idBeside, type Service, type Task } from '@gantry/core/model';
import { modeOf } from './modes/mode-of.ts';

/** What must be known of the services on which another one depends. */
export interface DependencyFacts {
  service(id: string): Service | undefined;
  tasks(id: string): Iterable<Task>;
}

/** What the first tasks of a service wait for. */
export interface Waiting {
  readonly message: string;
  /** Whether it cannot come true without a change. */
  readonly never: boolean;
}

/** Returns the first dependency that has not reached the required state, if any. Pure. */
export function waitsFor(
  id: string,
  dependsOn: readonly Dependency[],
  facts: DependencyFacts,
): Waiting | undefined {
  for (const { service, condition } of dependsOn) {
    const on = idBeside(id, service);
    const found = facts.service(on);
    if (found === undefined) return { message: `service ${on} does not exist yet`, never: false };
    const tasks = [...facts.tasks(on)];
    if (isMet(condition, found, tasks)) continue;
    const why = whyNever(condition, found, tasks);
    if (why !== undefined)
      return { message: `service ${on} cannot become ${condition}: ${why}`, never: true };
    return { message: `service ${on} is not ${condition} yet`, never: false };
  }
  return undefined;
}

function isMet(condition: Dependency['condition'], service: Service, tasks: readonly Task[]): boolean {
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

/** Returns why a dependency cannot be met without a change. */
function whyNever(
  condition: Dependency['condition'],
  { meta, spec, status }: Service,
  tasks: readonly Task[],
): string | undefined {
  if (status.observedGeneration < meta.generation) return undefined;
  if (modeOf(spec).scales && spec.replicas === 0) return 'it has 0 replicas';
  const { progress } = status;
  if (progress?.state === 'failed') return progress.message;
  const keepsRunning = condition === 'completed' && spec.restart.condition === 'any';
  if (keepsRunning && tasks.some((task) => task.status.state === 'complete')) {
    return 'its tasks are restarted when they complete (restart condition "any")';
  }
  if (condition === 'healthy' && progress?.state === 'complete') return 'its tasks have completed';
  return undefined;
}

/** Slots whose newest task has exited with 0. */
function completedSlots(tasks: readonly Task[]): number {
  const newest = new Map<string, Task>();
  for (const task of tasks) {
    const known = newest.get(task.spec.slot);
    if (known === undefined || known.spec.attempt < task.spec.attempt) newest.set(task.spec.slot, task);
  }
  return [...newest.values()].filter(({ status }) => status.state === 'complete').length;
}
