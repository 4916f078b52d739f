import { type Clock, type Logger, type Runtime, toGantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import { MAX_RETRY_MS, RETRY_MS } from './call-limits.ts';

export interface RuntimeWatcherParts {
  readonly node: string;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly logger: Logger;
  /** State changes of tasks. */
  readonly onChange: (batch: readonly RuntimeTask[]) => void;
  /** Everything that the runtime has, in case a change was missed. */
  readonly onList: (present: readonly RuntimeTask[]) => void;
}

/** Follows the events of a runtime, and lists its tasks when some may have been missed. */
export class RuntimeWatcher {
  readonly #parts: RuntimeWatcherParts;

  constructor(parts: RuntimeWatcherParts) {
    this.#parts = parts;
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { node, runtime, clock, logger, onChange } = this.#parts;
    let wait = RETRY_MS;
    while (!signal.aborted) {
      try {
        for await (const batch of runtime.events(signal)) {
          onChange(batch);
          wait = RETRY_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('failed to watch the runtime', { node, error: toGantryError(error) });
      }
      if (signal.aborted) return;
      await clock.sleep(wait, signal).catch(() => undefined);
      wait = Math.min(MAX_RETRY_MS, wait * 2);
      await this.resync().catch(() => undefined); // the next turn reports the reason
    }
  }

  /** Compares the tasks with what the runtime really has. */
  async resync(): Promise<void> {
    this.#parts.onList(await this.#parts.runtime.list());
  }
}
