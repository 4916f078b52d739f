import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import type { Bucket, StreamInfo } from '../src/bucket.ts';
import { Mirror } from '../src/mirror.ts';
import { Replica } from '../src/replica.ts';

describe('a mirror', () => {
  test('does not believe that messages are lost when an answer is older than messages received since', async () => {
    const leader = new Leader();
    const mirror = leader.mirror;
    const running = mirror.run();
    mirror.connected(leader.connection);
    await leader.answers(0);
    await leader.answers(0);
    const ending = new AbortController();
    const told: StoreEvent[] = [];
    const watching = follow(leader.replica, told, ending.signal);

    leader.delivers(1);
    const read = mirror.upToDate(() => leader.replica.revision);
    await leader.asked();
    leader.delivers(2);
    await leader.answers(1);
    expect(await read).toBe(2);
    mirror.lost();
    await leader.clock.advance(3000);
    mirror.connected(leader.connection);
    await leader.asked();
    mirror.wrote('c', 3, true); // was confirmed while the leader's answer was in flight
    await leader.answers(2);
    await leader.answers(3);
    leader.delivers(3);
    await leader.clock.advance(0);

    expect(told.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    ending.abort();
    expect(await watching).toBeUndefined();
    mirror.close();
    await running;
  });

  test('rereads everything if the leader keeps lacking messages that were known before the request', async () => {
    const leader = new Leader();
    const running = leader.mirror.run();
    leader.mirror.connected(leader.connection);
    await leader.answers(0);
    await leader.answers(0);
    const watching = follow(leader.replica, [], new AbortController().signal);
    leader.delivers(1);
    leader.delivers(2);
    const read = leader.mirror.upToDate(() => leader.replica.revision);
    await leader.answers(1);
    for (let waited = 0; waited <= 2000; waited += 50) {
      await leader.clock.advance(50);
      await leader.answers(1);
    }
    expect(isGantryError(await watching, 'COMPACTED')).toBe(true);
    leader.mirror.close();
    await read.catch(() => undefined);
    await running;
  });
});

/** What a leader of the bucket does is said by the test. */
class Leader {
  readonly clock = new TestClock();
  readonly replica: Replica;
  readonly mirror: Mirror;
  readonly connection: NatsConnection;
  readonly #questions: ((info: StreamInfo) => void)[] = [];
  #hear: (error: null, message: Msg) => void = () => {};
  #count = 0;

  constructor() {
    const logger = silentLogger;
    const bucket = {
      name: 'test',
      keyOf: (subject: string) => subject,
      info: () => new Promise<StreamInfo>((resolve) => this.#questions.push(resolve)),
      consume: async () => {
        this.#count = 0;
        return 'consumer';
      },
      endConsumer: async () => {},
    } as unknown as Bucket;
    this.replica = new Replica({ bucket, logger, events: 100, eventBytes: 1 << 20, deletesKeptMs: 60_000 });
    const parts = { bucket, replica: this.replica, clock: this.clock, logger, timeoutMs: 5000 };
    this.mirror = new Mirror({ ...parts, random: new SeededRandom(1) });
    this.connection = {
      subscribe: (_: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        this.#hear = callback;
        return { unsubscribe: () => {} };
      },
    } as unknown as NatsConnection;
  }

  /** Resolves once it is asked how far it is. */
  async asked(): Promise<void> {
    for (let turn = 0; this.#questions.length === 0; turn++) {
      if (turn === 100) throw new Error('no further request');
      await this.clock.advance(0);
    }
  }

  /** Says that the bucket goes up to this sequence. */
  async answers(last: number): Promise<void> {
    await this.asked();
    const state = { messages: last, first_seq: 1, last_seq: last, last_ts: '2026-01-01T00:00:00Z' };
    const info = { created: '2026-01-01T00:00:00Z', config: { num_replicas: 1 }, state };
    this.#questions.shift()?.(info as StreamInfo);
    await this.clock.advance(0);
  }

  delivers(seq: number): void {
    const reply = `$JS.ACK.stream.consumer.1.${seq}.${++this.#count}.1767225600000000000.0`;
    const data = new Uint8Array(1);
    this.#hear(null, { subject: `tasks/${seq}`, reply, data, json: () => seq } as unknown as Msg);
  }
}

async function follow(replica: Replica, told: StoreEvent[], signal: AbortSignal): Promise<unknown> {
  const events = replica.watch('', { since: replica.revision, signal });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done === true) return undefined;
      told.push(...(value as readonly StoreEvent[]));
    }
  } catch (error) {
    return error;
  }
}
