import type { EnsureOptions, RuntimeTask, StartProgress } from '@gantry/core/contracts';

type Listener = NonNullable<EnsureOptions['onProgress']>;

interface Start {
  readonly listeners: Set<Listener>;
  readonly started: Promise<RuntimeTask>;
  readonly giveUp: AbortController;
}

/** The starts in progress: one per task, shared by all callers. */
export class UnderWay {
  readonly #starts = new Map<string, Start>();

  has(task: string): boolean {
    return this.#starts.has(task);
  }

  /** Joins the start of a task, or begins it. */
  start(
    task: string,
    { signal, onProgress }: EnsureOptions,
    begin: (signal: AbortSignal, onProgress: Listener) => Promise<RuntimeTask>,
  ): Promise<RuntimeTask> {
    const known = this.#starts.get(task);
    if (known !== undefined) {
      if (onProgress !== undefined) known.listeners.add(onProgress);
      return known.started;
    }
    const giveUp = new AbortController();
    const both = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]);
    const listeners = new Set<Listener>(onProgress === undefined ? [] : [onProgress]);
    const report = (progress: StartProgress): void => {
      for (const listener of listeners) listener(progress);
    };
    const started = begin(both, report).finally(() => {
      listeners.clear();
      this.#starts.delete(task);
    });
    this.#starts.set(task, { started, giveUp, listeners });
    return started;
  }

  /** Cancels the start of a task: afterwards the task either exists or does not. */
  async giveUp(task: string): Promise<void> {
    const start = this.#starts.get(task);
    start?.giveUp.abort();
    await start?.started.catch(() => undefined);
  }
}
