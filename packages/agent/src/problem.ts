import { type GantryError, toGantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { TaskReason, TaskStatus } from '@gantry/core/model';

/** What keeps a task from being ready: the part of its status that says so. */
export type Problem = Pick<TaskStatus, 'reason' | 'message' | 'retryAt'>;

/** A task whose turn has not come yet. */
export const PREPARED: Problem = Object.freeze({
  reason: 'Prepared',
  message: 'prepared; waits for the task that it replaces to end',
});

/** The problem of a call that is retried at `retryAt`, ms since the epoch; `reason` unless the error gives a better one. */
export function retryProblem(
  task: string,
  error: GantryError,
  { reason, retryAt }: { readonly reason: TaskReason; readonly retryAt: number },
): Problem {
  const image = error.details.reason === 'RegistryUnavailable';
  return { reason: image ? 'ImagePullFailed' : reason, message: withoutName(error.message, task), retryAt };
}

/** Why a node rejected a task: the error's own reason where it gives one, else its code. */
export function rejection(task: string, error: unknown): Problem {
  const { code, message, details } = toGantryError(error);
  const reason = typeof details.reason === 'string' ? details.reason : code;
  return { reason, message: withoutName(message, task) };
}

/** An error of a driver without its `driver: "task"`: the message is kept with the task, and always shown beside its name. */
function withoutName(message: string, task: string): string {
  const quoted = `"${task}"`;
  const at = message.indexOf(quoted);
  if (at < 0 || !/^[\w-]{1,40}: (start of )?$/.test(message.slice(0, at))) return message;
  return message.slice(at + quoted.length).replace(/^:? /, '');
}

/** How a workload ended by itself, with the last line it wrote, if that is known. */
export function exitStatus(
  { exitCode, signal, oomKilled, reason }: Pick<RuntimeTask, 'exitCode' | 'signal' | 'oomKilled' | 'reason'>,
  lastLine: string | undefined,
): Pick<TaskStatus, 'state' | 'reason' | 'message' | 'exitCode' | 'signal'> {
  if (exitCode === 0) {
    return { state: 'complete', reason: 'Completed', message: 'exit code 0', exitCode, signal };
  }
  const code = exitCode === undefined ? 'unknown exit code' : `exit code ${exitCode}`;
  const how = signal === undefined ? code : `killed by ${signal} (${code})`;
  const why =
    oomKilled === true
      ? `out of memory: ${how}`
      : reason === undefined || reason === signal
        ? how
        : `${reason} (${code})`;
  const message = lastLine === undefined ? why : `${why}; last output: "${lastLine}"`;
  return {
    state: 'failed',
    reason: oomKilled === true ? 'OutOfMemory' : 'Exited',
    message,
    exitCode,
    signal,
  };
}
