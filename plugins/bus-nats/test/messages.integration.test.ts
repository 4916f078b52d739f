import { GantryError, isGantryError } from '@gantry/core';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import type { NatsBus } from '../src/index.ts';
import { type LogLine, startBus } from './support/make-bus.ts';
import { until } from './support/wait.ts';

const IN_TIME = { timeoutMs: 15_000 };
const MIB = 2 ** 20;

describeWith('nats', 'bus-nats', () => {
  let server: NatsServer;
  let bus: NatsBus;
  let other: NatsBus;
  let lines: LogLine[];
  let foreign: NatsConnection;

  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    ({ bus, lines } = await startBus({ servers: server.url }));
    ({ bus: other } = await startBus({ servers: server.url }));
    foreign = await connect({ servers: server.url });
    onTestFinished(async () => {
      await bus[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await foreign.close();
    });
  });

  /** Resolves once the server has heard what both buses have said so far. */
  const settled = async (): Promise<void> => {
    for (const one of [bus, other]) {
      let heard = false;
      const end = one.subscribe('settled', () => {
        heard = true;
      });
      one.publish('settled', null);
      await until(() => heard, 'the server');
      end();
    }
  };

  test('any client reads and writes messages as plain JSON', async () => {
    const read: string[] = [];
    foreign.subscribe('gantry.>', { callback: (_, message) => void read.push(message.string()) });
    await foreign.flush();
    bus.publish('gantry.a', { text: 'é', list: [1, null] });
    bus.publish('gantry.b', undefined);
    await until(() => read.length === 2, 'both messages');
    expect(read).toEqual(['{"text":"é","list":[1,null]}', 'null']);

    const heard: unknown[] = [];
    bus.subscribe('from.*', ({ payload }) => heard.push(payload));
    await settled();
    foreign.publish('from.outside', '{"n": 1}');
    foreign.publish('from.outside');
    await until(() => heard.length === 2, 'both messages');
    expect(heard).toEqual([{ n: 1 }, null]);
  });

  test('any client asks and answers', async () => {
    bus.respond('sum', async ({ payload }) => (payload as number[]).reduce((sum, one) => sum + one, 0));
    await settled();
    expect((await foreign.request('sum', '[1,2,3]', { timeout: 5000 })).string()).toBe('6');

    foreign.subscribe('echo', { callback: (_, message) => void message.respond(message.data) });
    foreign.subscribe('silent', { callback: (_, message) => void message.respond() });
    foreign.subscribe('fails', {
      callback: (_, message) => {
        const fields = headers();
        fields.set('Gantry-Error', message.string() === '"known"' ? 'CONFLICT' : 'NO_SUCH_CODE');
        message.respond('{"message":"as it is"}', { headers: fields });
      },
    });
    foreign.subscribe('garbage', { callback: (_, message) => void message.respond('{"a":') });
    await foreign.flush();
    expect(await bus.request('echo', { n: 1 }, IN_TIME)).toEqual({ n: 1 });
    expect(await bus.request('silent', 1, IN_TIME)).toBe(null);
    expect(await failure(bus.request('fails', 'known', IN_TIME))).toMatchObject({
      code: 'CONFLICT',
      message: 'as it is',
    });
    expect(await failure(bus.request('fails', 'unknown', IN_TIME))).toMatchObject({
      code: 'INTERNAL',
      message: 'as it is',
    });
    expect((await failure(bus.request('garbage', 1, IN_TIME))).code).toBe('INTERNAL');
  });

  test('a payload that is not valid JSON is logged and ignored, and rejected as a request', async () => {
    const heard: unknown[] = [];
    bus.subscribe('a', ({ payload }) => heard.push(payload));
    bus.respond('b', async () => 1);
    await settled();
    for (const text of ['{"a":', 'plain', '\u0000']) foreign.publish('a', text);
    foreign.publish('a', new Uint8Array([0xff, 0xfe]));
    foreign.publish('a', '"fine"');
    await until(() => heard.length === 1, 'the message that is fine');
    expect(heard).toEqual(['fine']);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn']);
    const answer = await foreign.request('b', 'plain', { timeout: 5000 });
    expect(answer.headers?.get('Gantry-Error')).toBe('INVALID_OBJECT');
  });

  test("a responder's error crosses with code, message, details and issues, for any client to read", async () => {
    const issues = [{ path: 'spec.image', message: 'is missing' }];
    other.respond('fails', async () => {
      throw new GantryError('INVALID_OBJECT', 'nö', {
        details: { node: 'n1' },
        issues,
        cause: new Error('secret'),
      });
    });
    other.respond('odd', async () => {
      throw new GantryError('CONFLICT', 'odd details', { details: { big: 1n } });
    });
    other.respond('circle', async () => {
      const circle: { self?: unknown } = {};
      circle.self = circle;
      return circle;
    });
    await settled();
    const error = await failure(bus.request('fails', 1, IN_TIME));
    expect(error).toMatchObject({ code: 'INVALID_OBJECT', message: 'nö', details: { node: 'n1' }, issues });
    expect(await failure(bus.request('odd', 1, IN_TIME))).toMatchObject({
      code: 'CONFLICT',
      message: 'odd details',
    });
    expect((await failure(bus.request('circle', 1, IN_TIME))).code).toBe('INTERNAL');

    const answer = await foreign.request('fails', '1', { timeout: 5000 });
    expect(answer.headers?.get('Gantry-Error')).toBe('INVALID_OBJECT');
    const details = { node: 'n1' };
    expect(answer.json()).toEqual({ code: 'INVALID_OBJECT', message: 'nö', details, issues });
  });

  test('a payload that JSON cannot represent throws a TypeError immediately', async () => {
    expect(() => bus.publish('a', 1n)).toThrow(TypeError);
    await expect(bus.request('a', 1n, IN_TIME)).rejects.toThrow(TypeError);
  });

  test('a group name that NATS cannot carry throws a TypeError immediately', () => {
    for (const group of ['', 'two words', 'line\nbreak', 'x'.repeat(300)]) {
      expect(() => bus.subscribe('a', () => undefined, { group })).toThrow(TypeError);
    }
    expect(() => bus.publish(`a.${'x'.repeat(5000)}`, 1)).toThrow(TypeError);
  });

  test('answers longer than a message may be arrive whole', async () => {
    const long = (seed: number): string[] =>
      Array.from(
        { length: 70_000 },
        (_, index) => `${seed}-${index}-é€😀-${(index * 7919 * seed) % 104_729}`,
      );
    expect(JSON.stringify(long(1)).length).toBeGreaterThan(1.2 * MIB);
    other.respond('long', async ({ payload }) => long(payload as number));
    other.respond('longer', async () => 'x'.repeat(3 * MIB));
    await settled();
    expect(await bus.request('longer', 1, IN_TIME)).toBe('x'.repeat(3 * MIB));
    const seeds = [1, 2, 3, 4];
    const answers = await Promise.all(seeds.map((seed) => bus.request('long', seed, IN_TIME)));
    for (const [index, answer] of answers.entries()) {
      expect(JSON.stringify(answer) === JSON.stringify(long(seeds[index] as number))).toBe(true);
    }
  });

  test('concurrent long answers wait for their turn, and none is lost', async () => {
    const length = 3 * MIB;
    other.respond('long', async () => 'x'.repeat(length));
    await settled();
    const answers = Array.from({ length: 24 }, async () => {
      const answer = (await bus.request('long', null, { timeoutMs: 50_000 })) as string;
      return answer.length;
    });
    expect(await Promise.all(answers)).toEqual(answers.map(() => length));
  });

  test('long answers of several responders do not mix, and one that lost a part never counts', async () => {
    const answersWith = (subject: string, parts: readonly (readonly [string, string, string])[]): void => {
      const callback = (_: unknown, message: Msg): void => {
        for (const [answer, part, text] of parts) {
          const fields = headers();
          fields.set('Gantry-Answer', answer);
          fields.set('Gantry-Part', part);
          message.respond(text, { headers: fields });
        }
      };
      foreign.subscribe(subject, { callback });
    };
    answersWith('mixed', [
      ['a', '1/3', '["a'],
      ['b', '1/2', '["b'],
      ['a', '2/3', 'a'],
      ['b', '2/2', 'b"]'],
      ['a', '3/3', 'a"]'],
    ]);
    answersWith('broken', [
      ['a', '1/3', '["a'],
      ['a', '3/3', 'a"]'],
    ]);
    await foreign.flush();
    expect(await bus.request('mixed', null, IN_TIME)).toEqual(['bb']);
    expect((await failure(bus.request('broken', null, { timeoutMs: 200 }))).code).toBe('TIMEOUT');
  });

  test('a long error arrives whole, too', async () => {
    other.respond('long', async () => {
      throw new GantryError('CONFLICT', 'long', { details: { text: 'x'.repeat(2 * MIB) } });
    });
    await settled();
    const error = await failure(bus.request('long', null, IN_TIME));
    expect(error.code).toBe('CONFLICT');
    expect(error.details).toEqual({ text: 'x'.repeat(2 * MIB) });
  });

  test('a client without support for parts receives an error that the answer is too long', async () => {
    bus.respond('long', async () => 'x'.repeat(2 * MIB));
    await settled();
    const answer = await foreign.request('long', '1', { timeout: 5000 });
    expect(answer.headers?.get('Gantry-Error')).toBe('EXHAUSTED');
    expect(answer.json()).toMatchObject({ message: expect.stringContaining(`more than the ${MIB}`) });
  });

  test('a message that is too long is rejected immediately: EXHAUSTED with size and limit', async () => {
    const payload = 'secret'.repeat(200_000);
    const bytes = payload.length + 2;
    const refusals = [
      caught(() => bus.publish('a', payload)),
      await failure(bus.request('a', payload, IN_TIME)),
    ];
    for (const error of refusals) {
      expect(error.code).toBe('EXHAUSTED');
      expect(error.message).toContain(`has ${bytes} bytes, more than the`);
      expect(error.details).toMatchObject({ subject: 'a', bytes });
      expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain('secret');
    }
    bus.respond('size', async ({ payload: asked }) => (asked as string).length);
    const most = 'x'.repeat(MIB - 100);
    expect(await bus.request('size', most, IN_TIME)).toBe(most.length);
  });

  test('subscribers hear no questions and responders no messages, as on any bus', async () => {
    const heard: unknown[] = [];
    let asked = 0;
    other.subscribe('a.*', ({ payload }) => heard.push(payload));
    other.respond('a.>', async () => ++asked);
    await settled();
    bus.publish('a.b', 'message');
    expect(await bus.request('a.b', 'question', IN_TIME)).toBe(1);
    bus.publish('a.b', 'last');
    await until(() => heard.length >= 2, 'the messages');
    expect(heard).toEqual(['message', 'last']);
    expect(asked).toBe(1);
  });

  test('a subscriber of any client hides the lack of a responder: the request ends at its deadline', async () => {
    foreign.subscribe('gantry.>', { callback: () => undefined });
    await foreign.flush();
    expect((await failure(bus.request('gantry.a', 1, { timeoutMs: 200 }))).code).toBe('TIMEOUT');
  });

  test('the pattern > receives no replies to others, and no messages between servers', async () => {
    const heard: string[] = [];
    bus.subscribe('>', ({ subject }) => heard.push(subject));
    bus.subscribe('*.>', ({ subject }) => heard.push(subject));
    let asked = 0;
    bus.respond('>', async () => ++asked);
    other.respond('a.b', async () => 'answer');
    await settled();
    heard.length = 0;
    await other.request('a.b', 1, IN_TIME);
    await until(() => asked === 1, 'the question');
    foreign.publish('$JS.EVENT.ADVISORY.API', '{}');
    foreign.publish('$JS.API.INFO', '', { reply: '_INBOX.unused' });
    await foreign.flush();
    other.publish('c.d', 1);
    await until(() => heard.length >= 2, 'the message');
    expect(heard).toEqual(['c.d', 'c.d']);
    expect(asked).toBe(1);
  });

  test('a group spans processes and other clients, whatever pattern its members came by', async () => {
    const counts = [0, 0, 0, 0];
    const count = (index: number) => () => {
      counts[index] = (counts[index] as number) + 1;
    };
    bus.subscribe('jobs.*', count(0), { group: 'workers' });
    other.subscribe('jobs.a', count(1), { group: 'workers' });
    other.subscribe('*.a', count(2), { group: 'workers' });
    foreign.subscribe('jobs.>', { queue: 'workers', callback: count(3) });
    await foreign.flush();
    await settled();
    for (let job = 0; job < 1000; job++) bus.publish('jobs.a', job);
    await settled();
    await foreign.flush();
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(1000);
    for (const one of counts) expect(one).toBeGreaterThan(100);
  });

  test('a member that leaves its group still handles received messages', async () => {
    const jobs = new Set<unknown>();
    const end = bus.subscribe('jobs', ({ payload }) => jobs.add(payload), { group: 'workers' });
    other.subscribe('jobs', ({ payload }) => jobs.add(payload), { group: 'workers' });
    await settled();
    const enough = until(() => jobs.size > 100, 'some jobs').then(end);
    for (let job = 0; job < 5000; job++) {
      foreign.publish('jobs', String(job));
      if (job % 50 === 0) await foreign.flush();
    }
    await enough;
    await until(() => jobs.size === 5000, 'all jobs');
  });

  test('5,000 concurrent subscriptions and 1,000 requests share one connection', async () => {
    const heard = new Array<number>(5000).fill(0);
    for (const index of heard.keys())
      bus.subscribe(`nodes.${index}`, () => (heard[index] = (heard[index] as number) + 1));
    other.respond('double', async ({ payload }) => (payload as number) * 2);
    await settled();
    for (const index of heard.keys()) other.publish(`nodes.${index}`, null);
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => bus.request('double', number, IN_TIME)));
    expect(answers).toEqual(numbers.map((number) => number * 2));
    await until(() => heard.every((one) => one === 1), 'all hints');
  });

  test('closing ends open requests as CLOSED, sends published messages, and leaves the other bus alone', async () => {
    const heard: unknown[] = [];
    other.respond('never', () => new Promise(() => undefined));
    other.respond('quick', async () => 'quick');
    other.subscribe('last', ({ payload }) => heard.push(payload));
    bus.respond('mine', async () => 1);
    await settled();
    const open = Array.from({ length: 100 }, () => failure(bus.request('never', null, IN_TIME)));
    for (let number = 0; number < 1000; number++) bus.publish('last', number);
    await Promise.all([bus[Symbol.asyncDispose](), bus[Symbol.asyncDispose]()]);
    await bus[Symbol.asyncDispose]();
    expect((await Promise.all(open)).map(({ code }) => code)).toEqual(open.map(() => 'CLOSED'));
    await until(() => heard.length === 1000, 'the last messages');
    expect(await other.request('quick', null, IN_TIME)).toBe('quick');
    expect((await failure(other.request('mine', null, IN_TIME))).code).toBe('UNAVAILABLE');
    expect(lines).toEqual([]);
  });
});

async function failure(promise: Promise<unknown>): Promise<GantryError> {
  return gantryError(await promise.catch((reason: unknown) => reason));
}

function caught(call: () => void): GantryError {
  try {
    call();
  } catch (error) {
    return gantryError(error);
  }
  throw new Error('nothing was thrown');
}

function gantryError(error: unknown): GantryError {
  if (isGantryError(error)) return error;
  throw new Error(`no GantryError: ${String(error)}`);
}
