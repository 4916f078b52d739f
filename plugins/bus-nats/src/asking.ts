import { aborted, type Clock, GantryError } from '@gantry/core';
import type { Link } from '@gantry/nats';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Sender } from './sender.ts';
import { decode, decodeError, type Part, partOf, questionHeaders } from './wire.ts';

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Question {
  readonly subject: string;
  readonly settle: (settled: { readonly value: unknown } | { readonly error: unknown }) => void;
  /** Parts of incomplete long replies, by reply id. */
  parts: Map<string, Msg[]> | undefined;
}

/** Pending requests, and the one inbox that receives all replies. */
export class Asking {
  readonly #link: Link;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #open = new Map<string, Question>();
  readonly #inbox: string;
  readonly #headers = questionHeaders();
  readonly #headerBytes = this.#headers.toString().length;
  #listens = false;
  #asked = 0;

  constructor(link: Link, sender: Sender, clock: Clock, inboxPrefix: string) {
    this.#link = link;
    this.#sender = sender;
    this.#clock = clock;
    this.#inbox = createInbox(inboxPrefix);
  }

  /** Maximum size of a request, in bytes. */
  get maxBytes(): number {
    return this.#sender.maxPayload - this.#headerBytes;
  }

  ask(subject: string, data: Uint8Array, { timeoutMs, signal }: AskOptions): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const { connection } = this.#link;
    if (connection !== undefined) this.#listen(connection);
    const token = (this.#asked++).toString(36);
    return new Promise((resolve, reject) => {
      const settle: Question['settle'] = (settled) => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
        this.#open.delete(token);
        if ('error' in settled) reject(settled.error);
        else resolve(settled.value);
      };
      const onAbort = (): void => settle({ error: aborted(signal as AbortSignal) });
      const reply = `${this.#inbox}.${token}`;
      if (!this.#sender.send(subject, data, { reply, headers: this.#headers })) {
        const { connected, servers } = this.#link;
        const why = `${servers} ${connected ? 'takes messages too slowly' : 'cannot be reached'}`;
        reject(new GantryError('UNAVAILABLE', `bus-nats: the request on "${subject}" was not sent: ${why}`));
        return;
      }
      const cancel = this.#clock.after(timeoutMs, () => {
        const late = `bus-nats: no answer on "${subject}" within ${timeoutMs} ms`;
        settle({ error: new GantryError('TIMEOUT', late) });
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#open.set(token, { subject, settle, parts: undefined });
    });
  }

  /** Fails all pending requests, or those to one subject. */
  fail(error: GantryError, subject?: string): void {
    for (const question of [...this.#open.values()]) {
      if (subject === undefined || subject === question.subject) question.settle({ error });
    }
  }

  #listen(connection: NatsConnection): void {
    if (this.#listens) return;
    this.#listens = true;
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) return this.#hear(message);
        this.#listens = false;
        this.fail(
          new GantryError(
            'FORBIDDEN',
            `bus-nats: permission to receive replies on "${this.#inbox}.*" denied`,
          ),
        );
      },
    });
  }

  #hear(message: Msg): void {
    const question = this.#open.get(message.subject.slice(this.#inbox.length + 1));
    if (question === undefined) return; // too late
    const { headers, data } = message;
    if (headers?.code === 503 && data.length === 0) {
      const text = `bus-nats: no responder for "${question.subject}"`;
      question.settle({ error: new GantryError('UNAVAILABLE', text) });
      return;
    }
    const part = partOf(headers);
    const whole = part === undefined ? data : joined(question, part, message);
    if (whole === undefined) return;
    const error = decodeError(headers, whole);
    if (error !== undefined) {
      question.settle({ error });
      return;
    }
    try {
      question.settle({ value: decode(whole) });
    } catch {
      const malformed = `bus-nats: the answer on "${question.subject}" is not valid JSON`;
      question.settle({ error: new GantryError('INTERNAL', malformed) });
    }
  }
}

/**
 * The complete reply if this is its last part. Parts arrive in order; one that does not follow makes the reply invalid.
 */
function joined(question: Question, part: Part, message: Msg): Uint8Array | undefined {
  question.parts ??= new Map();
  const before = question.parts.get(part.answer) ?? [];
  if (part.number !== before.length + 1) {
    question.parts.delete(part.answer);
    return undefined;
  }
  before.push(message);
  question.parts.set(part.answer, before);
  return part.number < part.of ? undefined : Buffer.concat(before.map(({ data }) => data));
}
