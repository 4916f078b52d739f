/** A message as a subscriber sees it. */
export interface BusMessage {
  /** Subject that the message was published to. */
  readonly subject: string;
  /** JSON. Shared between handlers; must not be mutated. */
  readonly payload: unknown;
}

/** Options of `subscribe` and `respond`. */
export interface SubscribeOptions {
  /** Queue group, as in NATS: each message is delivered to one subscriber of the group. */
  readonly group?: string;
}

/** Ends a subscription; what is in flight may still arrive. Idempotent. */
export type Unsubscribe = () => void;

/**
 * Carries hints and requests between the parts of a cluster. Subjects are NATS subjects: tokens joined by dots; in a
 * pattern `*` stands for one token and a last `>` for one or more. Delivery is at most once, in the publisher's order
 * per subject, and messages are not retained for later subscribers: the store is the source of truth, the bus a hint.
 *
 * If a handler throws, the error is logged; other handlers are unaffected. Handlers run after `publish` has returned,
 * never inside it.
 *
 * @throws `CLOSED` after dispose, `TypeError` for a malformed subject or a pattern where a subject is due.
 */
export interface Bus {
  /** Whether it reaches the others, as far as it knows at this moment. False before it has started and after dispose. */
  readonly connected: boolean;
  /** Sends a message to the subscribers of a subject. Returns at once; a message that cannot be sent is lost. */
  publish(subject: string, payload: unknown): void;
  /**
   * Calls `handler` for each message whose subject matches `pattern`; returns the function that ends the
   * subscription.
   */
  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): Unsubscribe;
  /**
   * Sends a request and resolves with the first reply.
   *
   * @throws `UNAVAILABLE` immediately if the subject has no responders; `TIMEOUT` after `timeoutMs`, or earlier once
   * it is known that no reply can arrive (the request may still have been carried out); `ABORTED` when the signal has
   * fired; the responder's own error with its code.
   */
  request(
    subject: string,
    payload: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown>;
  /** Answers requests. An error thrown by the handler reaches the requester with its code. */
  respond(
    pattern: string,
    handler: (message: BusMessage) => Promise<unknown>,
    options?: SubscribeOptions,
  ): Unsubscribe;
}
