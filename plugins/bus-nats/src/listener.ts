import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { checkGroup, checkPattern, isInternal } from './subject.ts';

export interface ListenerParts {
  readonly pattern: string;
  readonly group: string | undefined;
  /** Whether messages in flight are still delivered after it ends: no other member of a group would receive them. */
  readonly drains: boolean;
  /** Delivers a message; does not throw. */
  readonly deliver: (message: Msg) => void;
  readonly onRefused: () => void;
}

/** A subscription or responder, from before the connection is established until it ends. */
export class Listener {
  readonly #parts: ListenerParts;
  #subscription: Subscription | undefined;

  /** @throws `TypeError` for a malformed pattern or group. */
  constructor(parts: ListenerParts) {
    checkPattern(parts.pattern);
    checkGroup(parts.group);
    this.#parts = parts;
  }

  attach(connection: NatsConnection): void {
    const { pattern, group, deliver, onRefused } = this.#parts;
    this.#subscription = connection.subscribe(pattern, {
      ...(group === undefined ? {} : { queue: group }),
      callback: (error, message) => {
        if (error !== null) onRefused();
        else if (!isInternal(message.subject, pattern)) deliver(message);
      },
    });
  }

  end(connected: boolean): void {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined || subscription.isClosed()) return;
    if (this.#parts.drains && connected) subscription.drain().catch(() => undefined);
    else subscription.unsubscribe();
  }
}
