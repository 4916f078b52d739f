import type { Clock } from '@gantry/core';

interface Session {
  readonly id: string;
  seenAt: number;
}

/** Which agents are in contact: known in memory only, since heartbeats never enter the store. */
export class Sessions {
  readonly #clock: Clock;
  readonly #byNode = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new run of a node's agent; an earlier one is no longer listened to. */
  open(node: string, id: string): void {
    this.#byNode.set(node, { id, seenAt: this.#clock.elapsed() });
  }

  /** Notes a sign of life; false when this is not the node's session. */
  touch(node: string, id: string): boolean {
    const session = this.#byNode.get(node);
    if (session?.id !== id) return false;
    session.seenAt = this.#clock.elapsed();
    return true;
  }

  /** ms since the node was heard of; undefined when it never was. */
  silentFor(node: string): number | undefined {
    const session = this.#byNode.get(node);
    return session === undefined ? undefined : this.#clock.elapsed() - session.seenAt;
  }

  forget(node: string): void {
    this.#byNode.delete(node);
  }
}
