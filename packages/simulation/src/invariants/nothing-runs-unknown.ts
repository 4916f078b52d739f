import { idOf } from '@gantry/core/model';
import type { Invariant } from '../scenario.ts';

/** Exactly the tasks in the store run on the machines. */
export const nothingRunsUnknown: Invariant = (cluster) => async () => {
  const problems: string[] = [];
  const recorded = new Set(
    (await cluster.tasks()).filter(({ status }) => status.state === 'running').map(({ meta }) => idOf(meta)),
  );
  for (const name of cluster.machines) {
    for (const task of cluster.running(name))
      if (!recorded.delete(task)) problems.push(`${task} runs on ${name} unknown to all`);
  }
  for (const task of recorded) problems.push(`${task} is said to run and does not`);
  return problems;
};
