import type { RuntimeTask } from '@gantry/core/contracts';
import type { TaskRunner } from './task-runner.ts';

/** Compares with what the runtime really has, in case an event was lost. */
export function resync(runners: Iterable<TaskRunner>, present: readonly RuntimeTask[]): void {
  const there = new Map(present.map((state) => [state.task, state]));
  for (const runner of runners) {
    const state = there.get(runner.name);
    if (state !== undefined) runner.onRuntime(state);
    else if (runner.status.state === 'running')
      runner.onRuntime({ task: runner.name, id: '', state: 'exited', reason: 'removed from outside' });
  }
}
