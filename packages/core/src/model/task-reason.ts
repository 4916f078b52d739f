/**
 * Reason why a task is not ready, or how it ended. A task that waits for a node has the code of the filter that
 * rejected most nodes instead; one that its node rejected has the code of the error.
 *
 * - `Preparing`, `Starting`: in progress, and nothing blocks it.
 * - `PullingImage`: the image is being fetched.
 * - `ImagePullFailed`: the registry did not answer; the pull is retried.
 * - `Prepared`: its image is available, and it waits for the task that it replaces to end.
 * - `RuntimeUnavailable`: the engine did not answer; the call is retried.
 * - `NetworkUnavailable`: its networks or ports could not be prepared; the call is retried.
 * - `StartupProbeFailed`, `ReadinessProbeFailed`: the check has failed, and is repeated.
 * - `Unhealthy`: its startup or liveness check has failed for good, and it was stopped.
 * - `StopFailed`: it could not be stopped; the stop is retried.
 * - `Completed`, `Exited`, `OutOfMemory`: it ended on its own. `CrashLoop`: so did several before it, and the next one
 * waits.
 * - `Stopped`: it ended on request.
 * - `Unsupported`: its node cannot honour its template.
 * - `NodeLost`: its node is gone and will not report on it.
 */
export type TaskReason =
  | 'Preparing'
  | 'Starting'
  | 'PullingImage'
  | 'ImagePullFailed'
  | 'Prepared'
  | 'RuntimeUnavailable'
  | 'NetworkUnavailable'
  | 'StartupProbeFailed'
  | 'ReadinessProbeFailed'
  | 'Unhealthy'
  | 'StopFailed'
  | 'Completed'
  | 'Exited'
  | 'OutOfMemory'
  | 'CrashLoop'
  | 'Stopped'
  | 'Unsupported'
  | 'NodeLost';
