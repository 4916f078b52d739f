import { type Bus, type Clock, isGantryError, type Logger, toGantryError } from '@gantry/core';
import type { TaskStatus } from '@gantry/core/model';
import { type DispatchSubjects, messages, type ReportRequest, type TaskEvent } from '@gantry/core/protocol';
import { CALL_MS, MAX_RETRY_MS, RETRY_MS } from './call-limits.ts';
import type { Rests } from './rests.ts';

/** A passing state is reported only if it lasts this long. */
const PASSING_MS = 250;
/** Repeats of an event are counted for this long before they are reported. */
const REPEATS_MS = 5000;
/** Events in one report. */
const MAX_EVENTS = 100;

interface Parts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dispatch: DispatchSubjects;
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
  readonly #passing = new Map<string, { readonly current: TaskStatus }>();
  /** Events to report, by what they say. */
  readonly #events = new Map<string, TaskEvent>();
  /** Events that were reported a moment ago: their repeats wait. */
  readonly #recent = new Set<string>();
  readonly #stop = new AbortController();
  #cancelRepeats: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  #cancelPassing: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The task is in a state that is likely to be over soon: its status is asked for, and told, only if it lasts. */
  passing(task: string, source: { readonly current: TaskStatus }): void {
    if (this.#stop.signal.aborted) return;
    this.#passing.set(task, source);
    this.#cancelPassing ??= this.#parts.clock.after(PASSING_MS, () => {
      this.#cancelPassing = undefined;
      for (const [name, { current }] of this.#passing) this.#due.set(name, current);
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

  /** Something that happened to a task; repeats are counted. */
  event({ task, type, reason, message }: Omit<TaskEvent, 'count'>): void {
    if (this.#stop.signal.aborted) return;
    const id = `${task} ${reason} ${message}`;
    const known = this.#events.get(id);
    if (known === undefined && this.#events.size >= 10 * MAX_EVENTS) return; // nobody takes them
    this.#events.set(id, { task, type, reason, message, count: (known?.count ?? 0) + 1 });
    if (!this.#recent.has(id)) this.#send();
  }

  forget(task: string): void {
    this.#due.delete(task);
    this.#passing.delete(task);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#cancelPassing?.();
    this.#cancelRepeats?.();
    await this.#sending;
  }

  #send(): void {
    this.#sending ??= this.#run().finally(() => {
      this.#sending = undefined;
      if (this.#hasWork && !this.#stop.signal.aborted) this.#send();
    });
  }

  async #run(): Promise<void> {
    const { bus, rests, dispatch, session } = this.#parts;
    const { signal } = this.#stop;
    let wait = RETRY_MS;
    await Promise.resolve(); // what ends in the same turn goes together
    while (this.#hasWork && !signal.aborted) {
      const batch = [...this.#due];
      const events = this.#takeEvents();
      const request: ReportRequest = {
        session,
        statuses: batch.map(([task, status]) => ({ task, status })),
        ...(events.length === 0 ? {} : { events }),
      };
      try {
        const reply = messages.reportReply(
          await bus.request(dispatch.report, request, {
            timeoutMs: CALL_MS,
            signal: rests.during(signal),
          }),
        );
        for (const [task, status] of batch) if (this.#due.get(task) === status) this.#due.delete(task);
        if (reply.unknown.length > 0) this.#parts.onUnknown(reply.unknown);
        wait = RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        for (const event of events) this.#putBack(event);
        if (isGantryError(error, 'CONFLICT')) this.#parts.onLost();
        else this.#parts.logger.debug('failed to send a report', { error: toGantryError(error) });
        await rests.rest(wait, signal);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  get #hasWork(): boolean {
    if (this.#due.size > 0) return true;
    for (const id of this.#events.keys()) if (!this.#recent.has(id)) return true;
    return false;
  }

  #takeEvents(): readonly TaskEvent[] {
    if (this.#events.size === 0) return NO_EVENTS;
    const taken: TaskEvent[] = [];
    for (const [id, event] of this.#events) {
      if (taken.length >= MAX_EVENTS) break;
      if (this.#recent.has(id)) continue;
      taken.push(event);
      this.#events.delete(id);
      this.#recent.add(id);
    }
    this.#cancelRepeats ??= this.#parts.clock.after(REPEATS_MS, () => {
      this.#cancelRepeats = undefined;
      this.#recent.clear();
      if (this.#hasWork) this.#send();
    });
    return taken;
  }

  #putBack({ count, ...event }: TaskEvent): void {
    const id = `${event.task} ${event.reason} ${event.message}`;
    this.#recent.delete(id);
    this.#events.set(id, { ...event, count: count + (this.#events.get(id)?.count ?? 0) });
  }
}

const NO_EVENTS: readonly TaskEvent[] = Object.freeze([]);
