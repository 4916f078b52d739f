/**
 * The states of a task. It only moves forward, in this order, and never leaves one of the last five. Compare
 * SwarmKit's task model, https://github.com/moby/swarmkit/blob/master/design/task_model.md
 */
export const TASK_STATES = [
  'pending',
  'assigned',
  'preparing',
  'starting',
  'running',
  'stopping',
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'orphaned',
] as const;

/**
 * - `pending`: waits for a node.
 * - `assigned`: has a node whose agent has not reported anything yet.
 * - `preparing`: network, volumes, image.
 * - `starting`: started, and its startup check has not succeeded yet.
 * - `running`
 * - `stopping`: connections are drained, then it is asked to stop.
 * - `complete`: ended on its own, with exit code 0.
 * - `shutdown`: ended on request.
 * - `failed`: ended on its own with another code, by a signal, or by its health checks.
 * - `rejected`: its agent could not or would not start it.
 * - `orphaned`: its node is gone and will not report on it.
 */
export type TaskState = (typeof TASK_STATES)[number];

/**
 * What the control plane wants of a task. `prepared`: fetch what it needs (its image), but do not start it yet: the task
 * that it replaces still runs. It then becomes `running` or `shutdown`.
 */
export type DesiredState = 'prepared' | 'running' | 'shutdown';

const RANK: Readonly<Record<TaskState, number>> = Object.freeze(
  Object.fromEntries(TASK_STATES.map((state, index) => [state, index])) as Record<TaskState, number>,
);

const FIRST_FINAL = RANK.complete;

/** Whether a task in this state has ended for good. */
export function isFinal(state: TaskState): boolean {
  return RANK[state] >= FIRST_FINAL;
}

/** Whether a task may move from one state to the other: forward only, states may be skipped, final ones are final. */
export function mayMove(from: TaskState, to: TaskState): boolean {
  return !isFinal(from) && RANK[to] > RANK[from];
}
