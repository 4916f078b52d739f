import type { Attachment, EnsureOptions } from '@gantry/core/contracts';
import type { TaskReason, TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';

/** A task as its needs see it. */
export interface NeedRequest {
  readonly assignment: Assignment;
  readonly template: TemplateSpec;
}

/** What the needs of a task have prepared for its start. */
export interface Provision {
  readonly attachment?: Attachment;
}

/**
 * Something that a task needs on its node besides the runtime, such as its networks or its image. The needs of a task
 * form a list: they are prepared in its order before the start, and undone in reverse after the end. All verbs are
 * idempotent. `UNAVAILABLE` and `TIMEOUT` are retried; any other error of `check` or `prepare` rejects the task.
 */
export interface TaskNeed {
  /** Shown in logs. */
  readonly name: string;
  /** Reason of the status while a call is retried, unless the error has a better one. */
  readonly retryReason: TaskReason;
  /**
   * Runs before the turn of a task that replaces another one, which still has what it needs: finds out whether `prepare`
   * can succeed then, and fetches what several tasks can share. Reserves nothing. Absent if there is nothing to find out.
   */
  check?(request: NeedRequest, options: EnsureOptions): Promise<void>;
  /** Provides it to the task. Absent if the runtime does that. */
  prepare?(request: NeedRequest): Promise<Provision>;
  /** Takes it back, also after a `prepare` that has failed. Present if `prepare` is. */
  undo?(task: string): Promise<void>;
}
