import type { Clock } from '@gantry/core';
import type { TaskManager } from './task-manager.ts';

/** How long the other agent has to register, ms. */
const REGISTER_MS = 5000;

export interface HandoverParts {
  readonly clock: Clock;
  readonly tasks: Pick<TaskManager, 'destroyAll'>;
  /** Fires when the agent is closed. */
  readonly closed: AbortSignal;
}

/** What an agent does when another one takes over its node: the tasks run there, so that those here end. */
export class Handover {
  readonly #parts: HandoverParts;
  #yielding = false;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** Whether another agent is about to register: nothing is started in the meantime. */
  get yielding(): boolean {
    return this.#yielding;
  }

  /** Ends all tasks, unless the other agent has the same runtime; `own` and `other`: the ids of the runtimes. */
  async stepDown(own: string | undefined, other: unknown): Promise<void> {
    if (own !== undefined && other === own) return;
    await this.#parts.tasks.destroyAll();
  }

  /** Steps down before the other agent registers; `resume` is called when it has, or did not in time. */
  async yield(
    own: string | undefined,
    other: string | undefined,
    pulling: Promise<void>,
    resume: () => void,
  ): Promise<null> {
    const { clock, closed } = this.#parts;
    this.#yielding = true;
    await pulling;
    await this.stepDown(own, other);
    const due = (): void => {
      this.#yielding = false;
      resume();
    };
    void clock.sleep(REGISTER_MS, closed).then(due, () => undefined);
    return null;
  }
}
