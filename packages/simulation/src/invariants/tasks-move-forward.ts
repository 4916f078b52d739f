import type { StoreEvent } from '@gantry/core/contracts';
import { isFinal, mayMove, type Task, type Template } from '@gantry/core/model';
import type { Invariant } from '../scenario.ts';
import { isHopeless } from './hopeless.ts';

/**
 * Holds for all writes of tasks: a task only moves forward, never changes its node, and is never called back after it
 * was asked to stop. A task that serves is not stopped for one that cannot become ready, unless there is room for only
 * one.
 */
export const tasksMoveForward: Invariant = (cluster) => {
  const problems: string[] = [];
  const tasks = new Map<string, Task>();
  const templates = new Map<string, Template>();
  const follow = async (): Promise<void> => {
    for await (const batch of cluster.store.watch('t', { since: 0, signal: cluster.closing })) {
      for (const event of batch) {
        if (event.key.startsWith('templates/')) templates.set(event.key, event.value as Template);
        if (event.key.startsWith('tasks/')) take(event);
      }
    }
  };
  const take = ({ key, value }: StoreEvent): void => {
    const before = tasks.get(key);
    const after = value as Task | undefined;
    if (after === undefined) tasks.delete(key);
    else tasks.set(key, after);
    if (before !== undefined && after !== undefined) problems.push(...wrong(key, before, after));
  };
  const wrong = (key: string, before: Task, after: Task): readonly string[] => {
    const [from, to] = [before.status.state, after.status.state];
    const isTold = before.spec.desired === 'running' && after.spec.desired === 'shutdown';
    return [
      ...(from !== to && !mayMove(from, to) ? [`${key} went from ${from} to ${to}`] : []),
      ...(before.spec.node !== undefined && before.spec.node !== after.spec.node
        ? [`${key} moved from ${before.spec.node} to ${after.spec.node}`]
        : []),
      ...(before.spec.desired === 'shutdown' && after.spec.desired === 'running'
        ? [`${key} was called back`]
        : []),
      ...(isTold && before.status.ready ? stoppedFor(key, after) : []),
    ];
  };
  const stoppedFor = (key: string, task: Task): readonly string[] => {
    const isUpdate = task.status.message === 'it is updated' || task.status.message === 'it was replaced';
    if (!isUpdate) return [];
    return [...tasks.values()]
      .filter(
        ({ spec, status }) =>
          spec.service === task.spec.service &&
          spec.slot === task.spec.slot &&
          spec.desired !== 'shutdown' &&
          spec.template !== task.spec.template &&
          !isFinal(status.state) &&
          isHopeless(templates.get(`templates/${spec.template}`)?.spec),
      )
      .map(({ meta }) => `${key} served, and was stopped for ${meta.name}, which cannot become ready`);
  };
  follow().catch((error: unknown) => problems.push(`failed to watch the store: ${error}`));
  return () => problems;
};
