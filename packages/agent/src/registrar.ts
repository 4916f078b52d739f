import {
  aborted,
  type Bus,
  type Clock,
  type GantryError,
  isGantryError,
  type Logger,
  toGantryError,
} from '@gantry/core';
import type { AgentIdentity } from '@gantry/core/model';
import { type AgentRequest, messages, type RegisterRequest, type Subjects } from '@gantry/core/protocol';
import { CALL_MS, MAX_RETRY_MS, RETRY_MS } from './call-limits.ts';
import { Contest } from './contest.ts';
import type { Rests } from './rests.ts';

/** Tasks get a moment to end, and the kernel some more to end what does not. */
const YIELD_MS = 15_000;

export interface RegistrarParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly subjects: Subjects;
  readonly rests: Rests;
  /** The first registration replaces an agent of this node that is in contact. */
  readonly takeOver: boolean;
  /** Another agent has taken over the node. */
  readonly onReplaced: (error: GantryError) => Promise<void>;
}

/** Registers a node with the control plane, whoever leads, as often as that is needed. */
export class Registrar {
  readonly #parts: RegistrarParts;
  #registered = false;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  /**
   * Repeats until the control plane has accepted the node; returns the interval of heartbeats, ms.
   *
   * @throws `ALREADY_EXISTS` if another agent of the node is in contact and this one has never been registered.
   */
  async register(
    node: string,
    facts: RegisterRequest,
    identity: AgentIdentity,
    signal: AbortSignal,
  ): Promise<number> {
    const { bus, logger, subjects, clock, rests } = this.#parts;
    const request: RegisterRequest = { ...facts, agent: identity };
    const subject = subjects.dispatch(node).register;
    let takeOver = this.#parts.takeOver && !this.#registered;
    if (takeOver) await this.#askToYield(node, identity, signal);
    const contest = new Contest(identity, clock);
    let wait = RETRY_MS;
    while (!signal.aborted) {
      try {
        const reply = await bus.request(subject, takeOver ? { ...request, takeOver } : request, {
          timeoutMs: CALL_MS,
          signal: rests.during(signal),
        });
        this.#registered = true;
        return messages.registerReply(reply).heartbeatMs;
      } catch (error) {
        if (signal.aborted) throw error;
        const verdict = isGantryError(error, 'ALREADY_EXISTS') ? contest.judge(error) : undefined;
        if (verdict === 'lost' && !this.#registered) throw error;
        if (verdict === 'lost') {
          await this.#parts.onReplaced(error as GantryError);
          // Not interrupted by a change of the leader: the other agent is to be the first to register there.
          await clock.sleep(MAX_RETRY_MS, signal);
          continue;
        }
        if (verdict === 'won') {
          takeOver = true;
          continue;
        }
        const level = wait === RETRY_MS ? 'info' : 'debug';
        logger[level]('failed to register', { node, error: toGantryError(error) });
        await rests.rest(wait, signal);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
    throw aborted(signal);
  }

  /** So that no task runs twice: the agent that is replaced ends its tasks first, if it can be reached. */
  async #askToYield(node: string, { runtime }: AgentIdentity, signal: AbortSignal): Promise<void> {
    const { bus, logger, subjects } = this.#parts;
    const request: AgentRequest = { op: 'yield', ...(runtime !== undefined && { runtime }) };
    try {
      await bus.request(subjects.agent(node), request, { timeoutMs: YIELD_MS, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      logger.info('the agent that is replaced did not answer', { node, error: toGantryError(error) });
    }
  }
}
