import type { RuntimeTask } from '@gantry/core';

interface Start {
  readonly started: Promise<RuntimeTask>;
  readonly giveUp: AbortController;
}

/** The starts that are under way: one for each task, however many ask for it. */
export class UnderWay {
  readonly #starts = new Map<string, Start>();

  has(task: string): boolean {
    return this.#starts.has(task);
  }

  /** Joins the start of a task, or begins it. */
  start(
    task: string,
    signal: AbortSignal | undefined,
    begin: (signal: AbortSignal) => Promise<RuntimeTask>,
  ): Promise<RuntimeTask> {
    const known = this.#starts.get(task);
    if (known !== undefined) return known.started;
    const giveUp = new AbortController();
    const both = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]);
    const started = begin(both).finally(() => this.#starts.delete(task));
    this.#starts.set(task, { started, giveUp });
    return started;
  }

  /** Ends the start of a task: afterwards it is there or it is not. */
  async giveUp(task: string): Promise<void> {
    const start = this.#starts.get(task);
    start?.giveUp.abort();
    await start?.started.catch(() => undefined);
  }
}
