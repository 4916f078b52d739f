import { aborted, GantryError, isGantryError } from '@gantry/core';
import type { Outcome, StoreEvent } from '@gantry/core/contracts';
import type { Environment } from './environment.ts';
import { Plan, type Request } from './plan.ts';
import { storedEvent } from './stored-event.ts';

/** Maximum number of changes, and of characters of values, in one transaction, unless one commit exceeds it. */
const GROUP_CHANGES = 10_000;
const GROUP_LENGTH = 16_000_000;
interface Waiting {
  readonly request: Request;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitQueueOptions {
  readonly environment: Environment;
  /** Number of events kept in the environment. */
  readonly history: number;
  /** Called with the writes once they are on the disk, before the commits are answered. */
  readonly written: (events: readonly StoreEvent[], sizes: readonly number[]) => void;
}

/** Executes commits one after another; those that arrive while the disk is busy are written together. */
export class CommitQueue {
  readonly #environment: Environment;
  readonly #history: number;
  readonly #written: CommitQueueOptions['written'];
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #revision: number;
  /** Set after an error with an unknown effect on the environment. */
  #broken: GantryError | undefined;

  constructor({ environment, history, written }: CommitQueueOptions) {
    this.#environment = environment;
    this.#history = history;
    this.#written = written;
    this.#revision = environment.revision;
  }

  commit(request: Request, signal: AbortSignal | undefined): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, signal, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves once no commit is waiting. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await undefined; // the commits of one turn go together
    while (this.#waiting.length > 0) await this.#write(this.#take());
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let [changes, length, count] = [0, 0, 0];
    for (const { request } of this.#waiting) {
      changes += request.changes.length;
      for (const { text } of request.changes) length += text?.length ?? 0;
      if (count > 0 && (changes > GROUP_CHANGES || length > GROUP_LENGTH)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const plan = new Plan(this.#environment, this.#revision);
      const answers = group.map((one) => this.#answer(one, plan));
      if (plan.writes.length > 0) await this.#store(plan);
      for (const answer of answers) answer();
    } catch (error) {
      if (group.length > 1 && isGantryError(error, 'EXHAUSTED')) {
        // A small commit may still fit, and one that deletes makes space.
        for (const one of group) await this.#write([one]);
        return;
      }
      if (!isGantryError(error, 'EXHAUSTED')) this.#broken ??= error as GantryError;
      for (const { reject } of group) reject(error);
    }
  }

  /** Adds a request to the plan. Returns the function that answers it, to be called once the whole plan is written. */
  #answer({ request, signal, resolve, reject }: Waiting, plan: Plan): () => void {
    if (signal?.aborted) return () => reject(aborted(signal));
    try {
      const outcomes = plan.add(request);
      return () => resolve(outcomes);
    } catch (error) {
      if (!isGantryError(error, 'FENCED')) throw error;
      return () => reject(error);
    }
  }

  async #store(plan: Plan): Promise<void> {
    if (this.#broken !== undefined) {
      const message = `store-lmdb: writes nothing after a failure, until it is started again: ${this.#broken.message}`;
      throw new GantryError('UNAVAILABLE', message, { cause: this.#broken });
    }
    await this.#environment.write(plan, this.#history);
    this.#revision = plan.revision;
    const events = plan.writes.map(({ key, text, revision }) => storedEvent(key, text, revision));
    const sizes = plan.writes.map(({ text }) => text?.length ?? 0);
    this.#written(events, sizes);
  }
}
