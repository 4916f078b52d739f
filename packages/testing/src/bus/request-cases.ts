import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { type ErrorCode, GantryError, isGantryError } from '@gantry/core';
import type { BusCase, BusSubject } from './subject.ts';

const LONG_MS = 60_000;
const SHORT_MS = 40;

function cannotClose({ bus }: BusSubject): string | undefined {
  return bus[Symbol.asyncDispose] === undefined ? 'it holds nothing that has to be disposed' : undefined;
}

export const requestCases: readonly BusCase[] = [
  {
    name: 'a request is answered by the responder of its subject',
    async run({ bus }, context) {
      bus.respond('sum', async ({ subject, payload }) => ({ subject, payload }));
      bus.respond('other', async () => 'wrong');
      const answer = bus.request('sum', { a: [1, 2] }, { timeoutMs: LONG_MS });
      deepStrictEqual(await context.within(answer, 'the answer'), { subject: 'sum', payload: { a: [1, 2] } });
    },
  },
  {
    name: 'a responder may listen to patterns, and receives the subject',
    async run({ bus }, context) {
      bus.respond('agents.*.logs', async ({ subject }) => subject);
      const answer = bus.request('agents.n1.logs', null, { timeoutMs: LONG_MS });
      strictEqual(await context.within(answer, 'the answer'), 'agents.n1.logs');
      const astray = bus.request('agents.n1', null, { timeoutMs: LONG_MS });
      await rejects(context.within(astray, 'the refusal'), is('UNAVAILABLE'));
    },
  },
  {
    name: 'an undefined request or reply arrives as null',
    async run({ bus }, context) {
      let asked: unknown = 'nothing';
      bus.respond('a', async ({ payload }) => {
        asked = payload;
      });
      strictEqual(
        await context.within(bus.request('a', undefined, { timeoutMs: LONG_MS }), 'the answer'),
        null,
      );
      strictEqual(asked, null);
    },
  },
  {
    name: 'a request without a responder is UNAVAILABLE immediately',
    async run({ bus }, context) {
      const ask = (): Promise<unknown> => bus.request('a.b', 1, { timeoutMs: LONG_MS });
      await rejects(context.within(ask(), 'the refusal'), is('UNAVAILABLE'));
      const end = bus.respond('a.*', async () => 1);
      await context.within(ask(), 'the answer');
      end();
      await rejects(context.within(ask(), 'the refusal'), is('UNAVAILABLE'));
    },
  },
  {
    name: 'a request to an unresponsive responder is TIMEOUT after the given time, and not before',
    async run({ bus, pass }, context) {
      bus.respond('a', () => new Promise(() => undefined));
      let error: unknown;
      bus.request('a', 1, { timeoutMs: SHORT_MS }).catch((reason) => (error = reason));
      await pass(SHORT_MS / 4);
      strictEqual(error, undefined);
      await pass(SHORT_MS);
      await context.until(() => error !== undefined, 'the timeout');
      ok(isGantryError(error, 'TIMEOUT'), String(error));
    },
  },
  {
    name: 'a late reply is discarded and later requests are unaffected',
    async run({ bus, pass, logged }, context) {
      let answer = (_: unknown): void => undefined;
      bus.respond('slow', () => new Promise((resolve) => (answer = resolve)));
      bus.respond('quick', async () => 'quick');
      const late = rejects(bus.request('slow', 1, { timeoutMs: SHORT_MS }), is('TIMEOUT'));
      await pass(SHORT_MS * 2);
      await context.within(late, 'the timeout');
      answer('late');
      const quick = bus.request('quick', 1, { timeoutMs: LONG_MS });
      strictEqual(await context.within(quick, 'another answer'), 'quick');
      strictEqual(logged(), 0);
    },
  },
  {
    name: 'a signal that fires, or has fired, ends a request as ABORTED',
    async run({ bus }, context) {
      let asked = 0;
      bus.respond('a', () => {
        asked++;
        return new Promise(() => undefined);
      });
      const abort = new AbortController();
      const ask = (): Promise<unknown> => bus.request('a', 1, { timeoutMs: LONG_MS, signal: abort.signal });
      const open = ask();
      await context.until(() => asked === 1, 'the question');
      abort.abort();
      await rejects(context.within(open, 'the abort'), is('ABORTED'));
      await rejects(context.within(ask(), 'the abort'), is('ABORTED'));
    },
  },
  {
    name: "a responder's error reaches the requester with its code and its message",
    async run({ bus }, context) {
      bus.respond('refuses', async () => {
        throw new GantryError('EXHAUSTED', 'no room on n1', { details: { node: 'n1' } });
      });
      bus.respond('breaks', () => {
        throw new Error('a plain mistake');
      });
      const refused = bus.request('refuses', 1, { timeoutMs: LONG_MS });
      await rejects(context.within(refused, 'the error'), (error) => {
        ok(isGantryError(error, 'EXHAUSTED'), String(error));
        ok(error.message.includes('no room on n1'));
        deepStrictEqual(error.details.node, 'n1');
        return true;
      });
      const broken = bus.request('breaks', 1, { timeoutMs: LONG_MS });
      await rejects(context.within(broken, 'the error'), (error) => {
        ok(isGantryError(error, 'INTERNAL'), String(error));
        ok(error.message.includes('a plain mistake'));
        return true;
      });
    },
  },
  {
    name: 'the first one of several answers counts',
    async run({ bus }, context) {
      let answer = (_: unknown): void => undefined;
      bus.respond('a', () => new Promise((resolve) => (answer = resolve)));
      bus.respond('a', async () => 'first');
      strictEqual(await context.within(bus.request('a', 1, { timeoutMs: LONG_MS }), 'the answer'), 'first');
      answer('second');
    },
  },
  {
    name: 'one responder of a group receives each request, and all of them in turn',
    async run({ bus }, context) {
      const asked = [0, 0, 0];
      for (const index of asked.keys()) {
        const handler = async (): Promise<number> => {
          asked[index] = (asked[index] as number) + 1;
          return index;
        };
        bus.respond('a', handler, { group: 'servers' });
      }
      const requests = Array.from({ length: 150 }, () => bus.request('a', 1, { timeoutMs: LONG_MS }));
      await context.within(Promise.all(requests), 'all answers');
      strictEqual(
        asked.reduce((sum, one) => sum + one, 0),
        150,
      );
      ok(
        asked.every((one) => one > 15),
        String(asked),
      );
    },
  },
  {
    name: 'concurrent requests each get their own answer',
    async run({ bus }, context) {
      bus.respond('double', async ({ payload }) => {
        for (let turn = 0; turn < (payload as number) % 5; turn++) await null;
        return (payload as number) * 2;
      });
      const numbers = Array.from({ length: 500 }, (_, index) => index);
      const answers = numbers.map((number) => bus.request('double', number, { timeoutMs: LONG_MS }));
      const got = await context.within(Promise.all(answers), 'all answers');
      deepStrictEqual(
        got,
        numbers.map((number) => number * 2),
      );
    },
  },
  {
    name: 'a malformed subject of a request is a TypeError',
    async run({ bus }) {
      bus.respond('>', async () => 1);
      for (const subject of ['', 'a..b', 'a b', 'a.*', '>']) {
        const ask = async (): Promise<unknown> => await bus.request(subject, 1, { timeoutMs: LONG_MS });
        await rejects(
          ask,
          (error) => error instanceof TypeError && !isGantryError(error),
          `asked "${subject}"`,
        );
      }
    },
  },
  {
    name: 'it is connected from its start to its end',
    skip: cannotClose,
    async run({ bus }, context) {
      strictEqual(bus.connected, true);
      await context.within(bus[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      strictEqual(bus.connected, false);
    },
  },
  {
    name: 'every call is CLOSED after dispose, and dispose may be repeated',
    skip: cannotClose,
    async run({ bus }, context) {
      const end = bus.subscribe('a', () => undefined);
      await context.within(bus[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      await context.within(bus[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'the second dispose');
      throws(() => bus.publish('a', 1), is('CLOSED'));
      throws(() => bus.subscribe('a', () => undefined), is('CLOSED'));
      throws(() => bus.respond('a', async () => 1), is('CLOSED'));
      const ask = async (): Promise<unknown> => await bus.request('a', 1, { timeoutMs: LONG_MS });
      await rejects(context.within(ask(), 'the refusal'), is('CLOSED'));
      end();
    },
  },
  {
    name: 'dispose ends open requests as CLOSED',
    skip: cannotClose,
    async run({ bus }, context) {
      let asked = false;
      bus.respond('a', () => {
        asked = true;
        return new Promise(() => undefined);
      });
      const open = rejects(bus.request('a', 1, { timeoutMs: LONG_MS }), is('CLOSED'));
      await context.until(() => asked, 'the question');
      await context.within(bus[Symbol.asyncDispose]?.() ?? Promise.resolve(), 'dispose');
      await context.within(open, 'the open request to end');
    },
  },
];

function is(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isGantryError(error, code);
}
