import { type ErrorCode, GantryError } from '@gantry/core';
import { type Msg, nuid } from '@nats-io/transport-node';
import type { Sender } from './sender.ts';
import { acceptsParts, encodeError, errorHeaders, partHeaders } from './wire.ts';

/** Bytes reserved for headers in every part. */
const HEADER_BYTES = 200;

/**
 * Sends a responder's reply. A reply that is too long for one message is sent in parts, in order, if the requester can
 * join them. Without a connection the reply is lost, as any message may be.
 */
export async function sendAnswer(
  sender: Sender,
  question: Msg,
  answer: Uint8Array | GantryError,
): Promise<void> {
  const reply = question.reply as string;
  const code = answer instanceof Uint8Array ? undefined : answer.code;
  const data = answer instanceof Uint8Array ? answer : encodeError(answer);
  const room = sender.maxPayload - (code === undefined ? 0 : HEADER_BYTES);
  if (data.length <= room) {
    await sender.sendWhenTaken(reply, data, code === undefined ? undefined : { headers: errorHeaders(code) });
  } else if (acceptsParts(question)) {
    await sendParts(sender, reply, data, code);
  } else {
    const sizes = `${data.length} bytes, more than the ${room} of one message`;
    const error = new GantryError('EXHAUSTED', `bus-nats: the answer on "${question.subject}" has ${sizes}`);
    await sender.sendWhenTaken(reply, encodeError(error), { headers: errorHeaders(error.code) });
  }
}

async function sendParts(
  sender: Sender,
  reply: string,
  data: Uint8Array,
  code: ErrorCode | undefined,
): Promise<void> {
  const size = Math.max(1, sender.maxPayload - HEADER_BYTES);
  const of = Math.ceil(data.length / size);
  const answer = nuid.next();
  for (let number = 1; number <= of; number++) {
    const headers = partHeaders({ answer, number, of }, code);
    const part = data.subarray((number - 1) * size, number * size);
    if (!(await sender.sendWhenTaken(reply, part, { headers }))) return;
  }
}
