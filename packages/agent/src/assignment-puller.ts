import { aborted, type Bus, isGantryError, type Logger, toGantryError } from '@gantry/core';
import { type DispatchSubjects, messages, type PullReply, type PullRequest } from '@gantry/core/protocol';
import { CALL_MS, MAX_RETRY_MS, RETRY_MS } from './call-limits.ts';
import type { Rests } from './rests.ts';

export interface AssignmentPullerParts {
  readonly node: string;
  readonly session: string;
  readonly bus: Bus;
  readonly dispatch: DispatchSubjects;
  readonly logger: Logger;
  readonly rests: Rests;
  /** Fires when the agent is closed. */
  readonly closed: AbortSignal;
  /** Whether assignments must wait, since another agent takes over. */
  readonly isYielding: () => boolean;
  /** Takes in what the control plane has assigned. */
  readonly onReply: (reply: PullReply) => Promise<void>;
  /** The control plane does not know this session. */
  readonly onLost: () => void;
  readonly register: (signal: AbortSignal) => Promise<void>;
}

/** Pulls the assignments of a node from the control plane: everything first, then what has changed. */
export class AssignmentPuller {
  readonly #parts: AssignmentPullerParts;
  #since = 0;
  #wanted = false;
  #pulling: Promise<void> | undefined;

  constructor(parts: AssignmentPullerParts) {
    this.#parts = parts;
  }

  /** Asks for everything next time. */
  reset(): void {
    this.#since = 0;
  }

  /** Pulls if the control plane has a later revision than the one that was pulled. */
  onRevision(revision: number): void {
    if (revision > this.#since) this.pull();
  }

  /** Asks for everything there is, until a server answers: the leader may change at any time. */
  async pullFirst(signal: AbortSignal): Promise<void> {
    const { rests, register } = this.#parts;
    for (let wait = RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, wait * 2)) {
      try {
        await this.#pullOnce();
        return;
      } catch (error) {
        if (signal.aborted) throw aborted(signal);
        if (!isGantryError(error, 'CONFLICT', 'UNAVAILABLE', 'TIMEOUT', 'INVALID_OBJECT')) throw error;
        await rests.rest(wait, signal);
        if (isGantryError(error, 'CONFLICT')) await register(signal);
      }
    }
  }

  /** Asks for assignments in the background, once more if this is called in the meantime. */
  pull(): void {
    this.#wanted = true;
    if (this.#pulling !== undefined || !this.#mayPull) return;
    this.#pulling = this.#run().finally(() => {
      this.#pulling = undefined;
      if (this.#wanted) this.pull();
    });
  }

  /** Resolves when no pull is in progress. */
  async idle(): Promise<void> {
    await this.#pulling;
  }

  get #mayPull(): boolean {
    const { isYielding, closed } = this.#parts;
    return !isYielding() && !closed.aborted;
  }

  async #run(): Promise<void> {
    const { logger, node, rests, closed, onLost } = this.#parts;
    let wait = RETRY_MS;
    while (this.#wanted && this.#mayPull) {
      this.#wanted = false;
      try {
        await this.#pullOnce();
        wait = RETRY_MS;
      } catch (error) {
        if (closed.aborted) return;
        this.#wanted = true;
        if (isGantryError(error, 'CONFLICT')) onLost();
        else logger.debug('failed to fetch assignments', { node, error: toGantryError(error) });
        await rests.rest(wait, closed);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  async #pullOnce(): Promise<void> {
    const { bus, dispatch, session, rests, closed, onReply } = this.#parts;
    const since = this.#since;
    const request: PullRequest = { session, since };
    const options = { timeoutMs: CALL_MS, signal: rests.during(closed) };
    const reply = messages.pullReply(await bus.request(dispatch.pull, request, options));
    await onReply(reply);
    if (this.#since === since) this.#since = reply.revision; // else reset in the meantime: everything is asked for
  }
}
