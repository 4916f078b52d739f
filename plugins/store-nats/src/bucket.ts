import { GantryError } from '@gantry/core';
import { headers } from '@nats-io/transport-node';
import { decodeKey, encodeKey } from './key-codec.ts';
import { type ApiError, isConflict, isNoMessage, isNoStream, refusal } from './refusal.ts';
import type { Requests } from './requests.ts';

/** The settings of a bucket's stream, as far as they matter here. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly retention: string;
  readonly storage: string;
  readonly discard: string;
  readonly max_age: number;
  readonly max_msg_size?: number;
  readonly max_msgs_per_subject: number;
  readonly num_replicas: number;
  readonly no_ack?: boolean;
  readonly sealed?: boolean;
  readonly mirror?: unknown;
  readonly sources?: readonly unknown[];
}

export interface StreamInfo {
  /** Distinguishes streams of the same name. */
  readonly created: string;
  readonly config: StreamConfig;
  readonly state: StreamState;
}

export interface StreamState {
  readonly messages: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly last_ts: string;
}

export interface ConsumerOptions {
  readonly from: number;
  readonly deliverTo: string;
  readonly heartbeatMs: number;
  readonly idleMs: number;
}

type Answer<T> = T & { readonly error?: ApiError };

const NANOS = 1e6;
const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
const EXPECTED_OF_ALL = 'Nats-Expected-Last-Sequence';

/** A key-value bucket, accessed through JetStream's API. Its revisions are the sequences of a stream. */
export class Bucket {
  readonly name: string;
  readonly #requests: Requests;
  readonly #stream: string;
  readonly #prefix: string;

  constructor(name: string, requests: Requests) {
    this.name = name;
    this.#requests = requests;
    this.#stream = `KV_${name}`;
    this.#prefix = `$KV.${name}.`;
  }

  /** The key of a message; undefined if no store has written it. */
  keyOf(subject: string): string | undefined {
    return decodeKey(subject.slice(this.#prefix.length));
  }

  /** Creates the bucket as any KV client would. @throws also if a bucket with other settings exists. */
  async create(replicas: number, history: number): Promise<StreamInfo> {
    const config = {
      name: this.#stream,
      subjects: [`${this.#prefix}>`],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      max_consumers: -1,
      max_msgs: -1,
      max_bytes: -1,
      max_age: 0,
      max_msg_size: -1,
      max_msgs_per_subject: history,
      num_replicas: replicas,
      allow_rollup_hdrs: true,
      allow_direct: true,
      deny_delete: false,
    };
    return await this.#api('STREAM.CREATE', this.#stream, config);
  }

  /** Undefined when there is no such bucket. */
  async find(): Promise<StreamInfo | undefined> {
    const answer = await this.#ask<StreamInfo>('STREAM.INFO', this.#stream, '');
    return answer.error !== undefined && isNoStream(answer.error) ? undefined : given(answer, 'STREAM.INFO');
  }

  /** State and settings of the stream, as reported by its leader. */
  async info(): Promise<StreamInfo> {
    return given(await this.#ask<StreamInfo>('STREAM.INFO', this.#stream, ''), 'STREAM.INFO');
  }

  /** Whether the leader has any message from that sequence on. */
  async hasFrom(seq: number): Promise<boolean> {
    const question = JSON.stringify({ seq, next_by_subj: `${this.#prefix}>` });
    const answer = await this.#ask<object>('STREAM.MSG.GET', this.#stream, question);
    if (answer.error !== undefined && isNoMessage(answer.error)) return false;
    given(answer, 'STREAM.MSG.GET');
    return true;
  }

  /** Removes one message permanently; does nothing if it is gone. */
  async remove(seq: number): Promise<void> {
    const question = JSON.stringify({ seq, no_erase: true });
    const answer = await this.#ask<object>('STREAM.MSG.DELETE', this.#stream, question);
    if (answer.error !== undefined && answer.error.code < 500) return;
    given(answer, 'STREAM.MSG.DELETE');
  }

  /** Has all messages from a sequence on sent to a subject, for as long as that subject has a subscriber. */
  async consume({ from, deliverTo, heartbeatMs, idleMs }: ConsumerOptions): Promise<string> {
    const config = {
      deliver_subject: deliverTo,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      ack_policy: 'none',
      replay_policy: 'instant',
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: heartbeatMs * NANOS,
      inactive_threshold: idleMs * NANOS,
      mem_storage: true,
      num_replicas: 1,
    };
    const question = { stream_name: this.#stream, config };
    const { name } = await this.#api<{ name: string }>('CONSUMER.CREATE', this.#stream, question);
    return name;
  }

  /** Deletes a consumer, if it exists. */
  async endConsumer(name: string): Promise<void> {
    await this.#ask('CONSUMER.DELETE', `${this.#stream}.${name}`, '');
  }

  /**
   * Writes a value, or the mark of a deletion. With an expected sequence, only if the key's last message has it (0: the
   * key has none); with an expected sequence of the whole bucket, only if the bucket's last message has it. Returns the
   * revision, or undefined if the server rejected the write because of a sequence.
   */
  async write(
    key: string,
    value: string | undefined,
    expected: number | undefined,
    expectedOfAll?: number,
  ): Promise<number | undefined> {
    let head: ReturnType<typeof headers> | undefined;
    if (expected !== undefined || expectedOfAll !== undefined || value === undefined) {
      head = headers();
      if (value === undefined) head.set('KV-Operation', 'DEL');
      if (expected !== undefined) head.set(EXPECTED, String(expected));
      if (expectedOfAll !== undefined) head.set(EXPECTED_OF_ALL, String(expectedOfAll));
    }
    const subject = this.#prefix + encodeKey(key);
    const answer = await this.#requests.ask<Answer<{ seq: number }>>(subject, value ?? '', head);
    if (answer.error !== undefined && isConflict(answer.error)) return undefined;
    const { seq } = given(answer, `to write "${key}"`);
    if (!Number.isSafeInteger(seq))
      throw new GantryError('INTERNAL', `store-nats: the write of "${key}" was answered without a sequence`);
    return seq;
  }

  async #api<T>(verb: string, target: string, question: object): Promise<T> {
    return given(await this.#ask<T>(verb, target, JSON.stringify(question)), verb);
  }

  async #ask<T>(verb: string, target: string, data: string): Promise<Answer<T>> {
    return await this.#requests.ask(`$JS.API.${verb}.${target}`, data);
  }
}

function given<T>(answer: Answer<T>, what: string): T {
  if (answer.error !== undefined) throw refusal(answer.error, what);
  return answer;
}
