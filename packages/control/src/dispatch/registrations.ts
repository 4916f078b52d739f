import { type Clock, isGantryError, type Logger, type Views } from '@gantry/core';
import type { RegisterRequest } from '@gantry/core/protocol';
import type { NodeWriter } from './nodes.ts';
import type { Sessions } from './sessions.ts';

/** First and maximum delay before a registration that could not be stored is stored again, ms. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 5000;

interface Parts {
  readonly views: Views;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly nodes: NodeWriter;
}

/** Registers nodes: opens the session of the agent, and records what the agent reports about its node. */
export class Registrations {
  readonly #parts: Parts;
  readonly #retries = new Map<string, () => void>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws `ALREADY_EXISTS` if another agent of the node sent a heartbeat less than `timeoutMs` ago. */
  async register(node: string, request: RegisterRequest, timeoutMs: number): Promise<void> {
    const { sessions, nodes, views, logger } = this.#parts;
    sessions.check(node, request, timeoutMs);
    sessions.open(node, request.session, request.agent);
    this.#cancel(node);
    try {
      await nodes.register(node, request);
    } catch (error) {
      // While the disk is full, a known node is served as it was stored, and is written as soon as there is space.
      const isKnown = views.of('node').get(node) !== undefined;
      if (!isKnown || !isGantryError(error, 'EXHAUSTED')) throw error;
      logger.warn('failed to record a node', { node, error });
      this.#recordLater(node, request, RETRY_MS);
    }
  }

  /** Cancels pending records. */
  close(): void {
    for (const node of [...this.#retries.keys()]) this.#cancel(node);
  }

  #recordLater(node: string, request: RegisterRequest, ms: number): void {
    const { clock, nodes } = this.#parts;
    const cancel = clock.after(ms, () => {
      this.#retries.delete(node);
      const { sessions } = this.#parts;
      if (!sessions.isCurrent(node, request.session)) return;
      nodes
        .register(node, request)
        .catch(() => this.#recordLater(node, request, Math.min(MAX_RETRY_MS, ms * 2)));
    });
    this.#retries.set(node, cancel);
  }

  #cancel(node: string): void {
    this.#retries.get(node)?.();
    this.#retries.delete(node);
  }
}
