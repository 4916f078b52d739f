import {
  type Clock,
  GantryError,
  isGantryError,
  type Random,
  throwIfAborted,
  toGantryError,
} from '@gantry/core';
import type { Outcome } from '@gantry/core/contracts';
import { Backoff } from '@gantry/core/primitives';
import type { Bucket } from './bucket.ts';
import { type Decision, decide, type EncodedChange } from './decide.ts';
import type { Mirror } from './mirror.ts';
import type { Replica } from './replica.ts';
import { splitChanges } from './split-changes.ts';
import { Turns } from './turns.ts';
import { Window } from './window.ts';

const MESSAGES_OUT = 1000;
const BYTES_OUT = 16 * 1024 * 1024;
/** Maximum number of attempts for a change that the server rejects although no conflicting write is found. */
const TRIES = 12;
/** The same for a replicated bucket, where every write of another process conflicts. */
const TRIES_IN_TURNS = 60;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

export interface WriterParts {
  readonly bucket: Bucket;
  readonly mirror: Mirror;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly random: Random;
}

/** A change in progress. */
interface Task {
  readonly change: EncodedChange;
  outcome: Outcome | undefined;
  /** The sequence that the server rejected last. */
  refused: number | undefined;
}

/** How much of a commit is done, for the error about the rest. */
interface Progress {
  written: number;
  unknown: number;
}

/** Writes commits: changes of different keys concurrently, in order, each confirmed or rejected individually. */
export class Writer {
  readonly #parts: WriterParts;
  readonly #window = new Window(MESSAGES_OUT, BYTES_OUT);
  readonly #turns: Turns;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#turns = new Turns(parts.mirror);
  }

  async write(
    changes: readonly EncodedChange[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Outcome[]> {
    const tasks = changes.map((change): Task => ({ change, outcome: undefined, refused: undefined }));
    const progress: Progress = { written: 0, unknown: 0 };
    const runs = splitChanges(tasks.map((task) => ({ key: task.change.key, task })));
    try {
      for (const run of runs)
        await this.#writeRun(
          run.map(({ task }) => task),
          progress,
          signal,
        );
    } catch (error) {
      throw partWritten(error, progress, changes.length);
    }
    return tasks.map(({ outcome }) => outcome as Outcome);
  }

  /** Retries until the server and the known state agree about every change. */
  async #writeRun(
    tasks: readonly Task[],
    progress: Progress,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock, random } = this.#parts;
    const backoff = new Backoff(random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
    let open = tasks;
    for (let tries = 0; open.length > 0; tries++) {
      throwIfAborted(signal);
      if (tries === (this.#parts.mirror.isReplicated ? TRIES_IN_TURNS : TRIES))
        throw stubborn(open[0] as Task);
      if (tries > 1) await clock.sleep(backoff.next(), signal);
      const decisions = await this.#decide(open, tries > 0);
      const writes: Promise<void>[] = [];
      for (const [index, task] of open.entries()) {
        const decision = decisions[index] as Decision;
        if (decision.kind === 'answer') task.outcome = decision.outcome;
        else if (decision.kind === 'write')
          writes.push(this.#send(task, decision.sequence, progress, signal));
      }
      await allDone(writes);
      open = open.filter(({ outcome }) => outcome === undefined);
    }
  }

  /** Decides from the known state, or after catching up with the bucket if that is not enough. */
  async #decide(tasks: readonly Task[], looks: boolean): Promise<readonly Decision[]> {
    const { mirror, replica } = this.#parts;
    const all = (isFresh: boolean): Decision[] =>
      tasks.map(({ change, refused }) => {
        const decision = decide(change, mirror.latest(change.key), isFresh, replica.revision);
        // The mark of a deletion is removed from the bucket after a while, but may still be remembered here.
        const isForgotten = change.expect === 'absent' && decision.kind === 'write' && refused !== undefined;
        return isForgotten && decision.sequence === refused && refused > 0
          ? { kind: 'write', sequence: 0 }
          : decision;
      });
    if (!looks) {
      const decisions = all(false);
      if (decisions.every(({ kind }) => kind !== 'look')) return decisions;
    }
    return await mirror.upToDate(() => all(true));
  }

  async #send(
    task: Task,
    sequence: number | undefined,
    progress: Progress,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { key, text } = task.change;
    const bytes = text?.length ?? 0;
    const entered = this.#window.enter(bytes);
    if (entered !== undefined) await entered;
    try {
      throwIfAborted(signal);
      if (this.#parts.mirror.isReplicated)
        await this.#turns.take(key, (ofAll) => this.#put(task, sequence, ofAll, progress));
      else await this.#put(task, sequence, undefined, progress);
    } catch (error) {
      if (isGantryError(error, 'TIMEOUT')) progress.unknown++;
      throw error;
    } finally {
      this.#window.leave(bytes);
    }
  }

  /**
   * Returns false if rejected for a sequence. A change without an expectation need not wait for the writes of others.
   */
  async #put(
    task: Task,
    sequence: number | undefined,
    ofAll: number | undefined,
    progress: Progress,
  ): Promise<boolean> {
    const { key, text } = task.change;
    const expectedOfAll = sequence === undefined ? undefined : ofAll;
    if (expectedOfAll !== undefined && !this.#stillHolds(key, sequence)) return false;
    const revision = await this.#parts.bucket.write(key, text, sequence, expectedOfAll);
    if (revision === undefined) {
      task.refused = sequence;
      return false;
    }
    progress.written++;
    this.#parts.mirror.wrote(key, revision, text !== undefined);
    task.outcome = { ok: true, revision };
    return true;
  }

  /** Whether a sequence is still the known one of a key, after writes of others may have arrived. */
  #stillHolds(key: string, sequence: number | undefined): boolean {
    const { present, revision } = this.#parts.mirror.latest(key);
    return sequence === 0 ? !present : revision === sequence;
  }
}

/** Waits for all writes to settle. If some failed, throws the error that leaves the most in doubt. */
async function allDone(writes: readonly Promise<void>[]): Promise<void> {
  if (writes.length === 1) return await (writes[0] as Promise<void>);
  const settled = await Promise.allSettled(writes);
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (errors.length > 0) throw errors.find((error) => isGantryError(error, 'TIMEOUT')) ?? errors[0];
}

/** After a part was written, an error must not claim that nothing was. */
function partWritten(error: unknown, { written, unknown }: Progress, all: number): GantryError {
  const found = toGantryError(error, 'store-nats');
  if (written + unknown === 0) return found;
  const code = found.code === 'UNAVAILABLE' || found.code === 'CLOSED' ? 'TIMEOUT' : found.code;
  if (code === found.code && all === 1) return found;
  const message = `${found.message} (of ${all} changes ${written} were written, and ${unknown} may have been written)`;
  return new GantryError(code, message, { details: { ...found.details, written, unknown }, cause: found });
}

function stubborn({ change }: Task): GantryError {
  const message = `store-nats: the server repeatedly rejects writing "${change.key}" without an apparent conflict`;
  return new GantryError('UNAVAILABLE', message, { details: { key: change.key } });
}
