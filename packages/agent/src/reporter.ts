import {
  type Bus,
  type Clock,
  isGantryError,
  type Logger,
  type ReportReply,
  type ReportRequest,
  type Subjects,
  type TaskStatus,
  toGantryError,
} from '@gantry/core';
import type { Rests } from './rests.ts';

const CALL_MS = 5000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
/** A passing state is reported only if it lasts this long. */
const PASSING_MS = 250;

interface Parts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subjects: Subjects;
  readonly node: string;
  readonly session: string;
  readonly rests: Rests;
  /** The control plane does not know our session. */
  readonly onLost: () => void;
  readonly onUnknown: (tasks: readonly string[]) => void;
}

/**
 * Tells the control plane the newest status of each task, in batches: while one report is under way the next one
 * gathers. A status is told again until it was acknowledged.
 */
export class Reporter {
  readonly #parts: Parts;
  readonly #due = new Map<string, TaskStatus>();
  readonly #passing = new Map<string, { readonly status: TaskStatus }>();
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  #cancelPassing: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The task is in a state that is likely to be over soon: its status is asked for, and told, only if it lasts. */
  passing(task: string, source: { readonly status: TaskStatus }): void {
    if (this.#stop.signal.aborted) return;
    this.#passing.set(task, source);
    this.#cancelPassing ??= this.#parts.clock.after(PASSING_MS, () => {
      this.#cancelPassing = undefined;
      for (const [name, { status }] of this.#passing) this.#due.set(name, status);
      this.#passing.clear();
      if (this.#due.size > 0) this.#send();
    });
  }

  put(task: string, status: TaskStatus): void {
    if (this.#stop.signal.aborted) return;
    this.#passing.delete(task);
    this.#due.set(task, status);
    this.#send();
  }

  forget(task: string): void {
    this.#due.delete(task);
    this.#passing.delete(task);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#cancelPassing?.();
    await this.#sending;
  }

  #send(): void {
    this.#sending ??= this.#run().finally(() => {
      this.#sending = undefined;
      if (this.#due.size > 0 && !this.#stop.signal.aborted) this.#send();
    });
  }

  async #run(): Promise<void> {
    const { bus, rests, subjects, node, session } = this.#parts;
    const { signal } = this.#stop;
    let wait = RETRY_MS;
    await Promise.resolve(); // what ends in the same turn goes together
    while (this.#due.size > 0 && !signal.aborted) {
      const batch = [...this.#due];
      const request: ReportRequest = {
        node,
        session,
        statuses: batch.map(([task, status]) => ({ task, status })),
      };
      try {
        const reply = (await bus.request(subjects.report, request, {
          timeoutMs: CALL_MS,
          signal: rests.during(signal),
        })) as ReportReply;
        for (const [task, status] of batch) if (this.#due.get(task) === status) this.#due.delete(task);
        if (reply.unknown.length > 0) this.#parts.onUnknown(reply.unknown);
        wait = RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (isGantryError(error, 'CONFLICT')) this.#parts.onLost();
        else this.#parts.logger.debug('a report was not taken', { error: toGantryError(error) });
        await rests.rest(wait, signal);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }
}
