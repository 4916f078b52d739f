import { type Clock, GantryError } from '@gantry/core';
import type { AgentIdentity } from '@gantry/core/model';
import type { RegisterRequest } from '@gantry/core/protocol';

interface Session {
  readonly id: string;
  readonly agent: AgentIdentity | undefined;
  seenAt: number;
}

/** Which agents are in contact: kept in memory only, since heartbeats are not stored. */
export class Sessions {
  readonly #clock: Clock;
  readonly #byNode = new Map<string, Session>();
  /** Agents that were in contact with the previous leader, but have not contacted this one yet. */
  readonly #inherited = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes over the agent recorded in a node's status, as if it had been in contact just now: another agent is rejected
   * as long as this one may still return.
   */
  inherit(node: string, id: string, agent: AgentIdentity): void {
    this.#inherited.set(node, { id, agent, seenAt: this.#clock.elapsed() });
  }

  /** Opens the session of a new run of a node's agent; the earlier one becomes invalid. */
  open(node: string, id: string, agent?: AgentIdentity): void {
    this.#inherited.delete(node);
    this.#byNode.set(node, { id, agent, seenAt: this.#clock.elapsed() });
  }

  /**
   * Rejects an agent if another agent of the same node was in contact less than `timeoutMs` ago. The same process may
   * open a new session at any time.
   *
   * @throws `ALREADY_EXISTS`, with `host`, `pid`, `place` and `silentMs` of that agent in its details
   */
  check(node: string, { session, agent, takeOver }: RegisterRequest, timeoutMs: number): void {
    const held = this.#byNode.get(node) ?? this.#inherited.get(node);
    if (held?.agent === undefined || agent === undefined || takeOver === true || held.id === session) return;
    const { host, pid, place, runtime } = held.agent;
    if (place === agent.place && pid === agent.pid) return;
    const silentMs = this.#clock.elapsed() - held.seenAt;
    if (silentMs >= timeoutMs) return;
    throw new GantryError(
      'ALREADY_EXISTS',
      `node ${node} is run by another agent: process ${pid} on host ${host}; stop that one, give this one another name with --node, or replace that one with --take-over`,
      { details: { node, host, pid, place, silentMs, ...(runtime !== undefined && { runtime }) } },
    );
  }

  /** Notes a heartbeat; returns false if this is not the node's session. */
  touch(node: string, id: string): boolean {
    const session = this.#byNode.get(node);
    if (session?.id !== id) return false;
    session.seenAt = this.#clock.elapsed();
    return true;
  }

  /** Whether this is the node's session. */
  isCurrent(node: string, id: string): boolean {
    return this.#byNode.get(node)?.id === id;
  }

  /** Returns the ms since the node was last in contact; undefined if it never was. */
  silentFor(node: string): number | undefined {
    const session = this.#byNode.get(node);
    return session === undefined ? undefined : this.#clock.elapsed() - session.seenAt;
  }

  forget(node: string): void {
    this.#inherited.delete(node);
    this.#byNode.delete(node);
  }
}
