/** A message as a subscriber sees it. */
export interface BusMessage {
  readonly subject: string;
  /** JSON; shared, so nobody mutates it. */
  readonly payload: unknown;
}

export interface SubscribeOptions {
  /** Of all subscribers in one group, one gets each message (a NATS queue group). */
  readonly group?: string;
}

/** Ends a subscription; what is in flight may still arrive. Idempotent. */
export type Unsubscribe = () => void;

/**
 * Carries hints and requests between the parts of a cluster. Subjects are NATS subjects: tokens joined by dots; in a
 * pattern `*` stands for one token and a last `>` for one or more. Delivery is at most once, in the publisher's order
 * per subject, and nothing is kept for who comes later: the store is the truth, the bus a hint.
 *
 * A handler that throws is logged and harms no other. Handlers run after `publish` returned, never inside it.
 *
 * @throws `CLOSED` after dispose, `TypeError` for a malformed subject or a pattern where a subject is due.
 */
export interface Bus {
  /** Whether it reaches the others, as far as it knows at this moment. False before it has started and after dispose. */
  readonly connected: boolean;
  publish(subject: string, payload: unknown): void;
  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): Unsubscribe;
  /**
   * Asks, and resolves with the first answer.
   *
   * @throws `UNAVAILABLE` at once when nobody responds to the subject, `TIMEOUT` after `timeoutMs`, or before it
   * when it is known that no answer can come any more (what was asked may have been done), `ABORTED` on a fired
   * signal, and the responder's own error with its code.
   */
  request(
    subject: string,
    payload: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown>;
  /** Answers requests; what the handler throws reaches the asker as an error with its code. */
  respond(
    pattern: string,
    handler: (message: BusMessage) => Promise<unknown>,
    options?: SubscribeOptions,
  ): Unsubscribe;
}
