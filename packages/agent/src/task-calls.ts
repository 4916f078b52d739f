import type { Clock, Runtime } from '@gantry/core';
import type { Attachment, StartProgress } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';
import { lastLine } from './last-line.ts';
import type { Ensured } from './lifecycle/lifecycle-event.ts';
import type { CallStep } from './lifecycle/lifecycle-step.ts';
import type { NeedRequest, Provision, TaskNeed } from './needs/task-need.ts';
import type { StatusTracker } from './status-tracker.ts';
import { portsOf } from './task-ports.ts';

export interface CallParts {
  readonly runtime: Runtime;
  /** What tasks need besides the runtime, in the order in which it is prepared. */
  readonly needs: readonly TaskNeed[];
  readonly clock: Clock;
}

/** What came of a call. */
export interface CallResult {
  readonly ensured?: Ensured;
  readonly lastLine?: string | undefined;
}

const NO_ATTACHMENT: Attachment = Object.freeze({
  networks: Object.freeze([]),
  ports: Object.freeze([]),
  publish: Object.freeze([]),
  env: Object.freeze({}),
});

const NO_RESULT: CallResult = Object.freeze({});
const noResult = (): CallResult => NO_RESULT;

/** The calls that the lifecycle of one task makes, of its runtime and of its needs. */
export class TaskCalls implements NeedRequest {
  readonly assignment: Assignment;
  readonly template: TemplateSpec;
  readonly #parts: CallParts;
  readonly #tracker: StatusTracker;
  #provision: Provision | undefined;
  /** Aborts the check of a need. */
  #abort: AbortController | undefined;

  /** @param tracker learns from the runtime where the task runs */
  constructor(parts: CallParts, { assignment, template }: NeedRequest, tracker: StatusTracker) {
    this.#parts = parts;
    this.assignment = assignment;
    this.template = template;
    this.#tracker = tracker;
  }

  /** Makes a call; fails as the runtime or the need does. */
  perform(step: CallStep, onProgress: (progress: StartProgress) => void): Promise<CallResult> {
    const { runtime } = this.#parts;
    const { name } = this.assignment;
    switch (step.do) {
      case 'check':
        return this.#check(step.need, onProgress);
      case 'prepare':
        return this.#prepare(step.need);
      case 'ensure':
        return this.#ensure(onProgress);
      case 'stop':
        return this.#stop(step.graceMs);
      case 'examine':
        return this.#examine();
      case 'remove':
        return runtime.remove(name).then(noResult);
      case 'undo':
        return this.#undo(step.need);
    }
  }

  /** Gives up a check, or stops a start, which the lifecycle stops once more when it has returned. */
  cancel(kind: 'check' | 'ensure', graceMs: number): void {
    if (kind === 'check') this.#abort?.abort();
    else this.#stop(graceMs).catch(() => undefined);
  }

  async #stop(graceMs: number): Promise<CallResult> {
    await this.#parts.runtime.stop(this.assignment.name, { graceMs, signal: this.template.stopSignal });
    return NO_RESULT;
  }

  async #check(need: number, onProgress: (progress: StartProgress) => void): Promise<CallResult> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    await this.#parts.needs[need]?.check?.(this, { signal, onProgress });
    return NO_RESULT;
  }

  async #prepare(need: number): Promise<CallResult> {
    const provision = await this.#parts.needs[need]?.prepare?.(this);
    this.#provision = this.#provision === undefined ? provision : { ...this.#provision, ...provision };
    return NO_RESULT;
  }

  async #undo(need: number): Promise<CallResult> {
    await this.#parts.needs[need]?.undo?.(this.assignment.name);
    return NO_RESULT;
  }

  async #ensure(onProgress: (progress: StartProgress) => void): Promise<CallResult> {
    const { runtime, clock } = this.#parts;
    const { name: task, service, slot } = this.assignment;
    const { template } = this;
    const attachment = this.#provision?.attachment ?? NO_ATTACHMENT;
    const running = await runtime.ensure({ task, service, slot, template, attachment }, { onProgress });
    if (running.state === 'exited') return { ensured: { exit: running } };
    const { id: runtimeId, pid, addresses, startedAt = clock.now(), health } = running;
    const ports = portsOf(template, attachment, addresses);
    const { runningAt } = this.#tracker.running;
    this.#tracker.running = { startedAt, runningAt, runtimeId, pid, ports, addresses };
    return { ensured: { health } };
  }

  async #examine(): Promise<CallResult> {
    const { runtime, clock } = this.#parts;
    return { lastLine: await lastLine(runtime, clock, this.assignment.name) };
  }
}
