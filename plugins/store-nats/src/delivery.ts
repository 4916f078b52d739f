import type { Msg } from '@nats-io/transport-node';

/** Metadata of a delivered message, from its acknowledgement subject. */
export interface Delivery {
  /** Sequence in the stream. */
  readonly seq: number;
  /** Consumer sequence of the message. */
  readonly count: number;
  /** Number of messages still pending for the consumer when this one was sent. */
  readonly pending: number;
  /** When it was written, in ns since the epoch: too many digits for a number. */
  readonly time: string;
}

/** Undefined if the message is not from a consumer. `$JS.ACK` has nine tokens, or twelve with a domain. */
export function parseDelivery(reply: string): Delivery | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const at = tokens.length >= 11 ? 7 : 5;
  const seq = Number(tokens[at]);
  const count = Number(tokens[at + 1]);
  const pending = Number(tokens[at + 3]);
  const time = tokens[at + 2];
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(count) || time === undefined) return undefined;
  return { seq, count, pending, time };
}

/** Whether a message says that its key was deleted. */
export function isDelete(message: Msg): boolean {
  const operation = message.headers?.get('KV-Operation') ?? '';
  return operation === 'DEL' || operation === 'PURGE';
}
