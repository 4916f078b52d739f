import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import type { CaseContext } from '../kit.ts';
import { type BusCase, type BusSubject, inbox } from './subject.ts';

const MATCHES: readonly (readonly [pattern: string, hits: readonly string[], misses: readonly string[]])[] = [
  ['a.b', ['a.b'], ['a', 'a.b.c', 'a.bb', 'A.b']],
  ['a.*', ['a.b', 'a.c-1_$'], ['a', 'a.b.c', 'b.a']],
  ['*.b', ['a.b', 'x.b'], ['b', 'a.b.b']],
  ['a.*.c', ['a.b.c'], ['a.c', 'a.b.b.c', 'a.b.c.d']],
  ['a.>', ['a.b', 'a.b.c', 'a.b.c.d'], ['a', 'b.a.b']],
  ['*.>', ['a.b', 'a.b.c'], ['a']],
  ['>', ['a', 'a.b.c'], []],
  ['*', ['a', 'b'], ['a.b']],
];

export const publishCases: readonly BusCase[] = [
  {
    name: 'a message reaches every subscriber of its subject, with subject and payload',
    async run({ bus }, context) {
      const inboxes = [inbox(), inbox(), inbox()];
      for (const { handler } of inboxes) bus.subscribe('tasks.new', handler);
      bus.publish('tasks.new', { id: 1, list: [null, 'é'] });
      for (const { messages } of inboxes) {
        await context.until(() => messages.length > 0, 'the message');
        deepStrictEqual(
          messages.map(({ subject, payload }) => ({ subject, payload })),
          [{ subject: 'tasks.new', payload: { id: 1, list: [null, 'é'] } }],
        );
      }
    },
  },
  {
    name: 'a message without a subscriber is not an error',
    async run(subject, context) {
      subject.bus.publish('tasks.none', 1);
      await flushed(subject, context);
      strictEqual(subject.logged(), 0);
    },
  },
  {
    name: 'handlers run after publish returned, never inside it',
    async run({ bus }, context) {
      const steps: string[] = [];
      bus.subscribe('a', () => {
        steps.push('first');
        bus.publish('b', 1);
        steps.push('published from within');
      });
      bus.subscribe('b', () => void steps.push('second'));
      bus.publish('a', 1);
      steps.push('published');
      await context.until(() => steps.length === 4, 'both handlers');
      deepStrictEqual(steps, ['published', 'first', 'published from within', 'second']);
    },
  },
  {
    name: 'the messages of a publisher arrive in its order on each subject, each once',
    async run({ bus }, context) {
      const count = 2000;
      const inboxes = [inbox(), inbox()];
      for (const [index, { handler }] of inboxes.entries()) bus.subscribe(`numbers.${index}`, handler);
      for (let number = 0; number < count; number++) {
        for (const index of inboxes.keys()) bus.publish(`numbers.${index}`, number);
        if (number % 100 === 0) await null;
      }
      for (const { messages, payloads } of inboxes) {
        await context.until(() => messages.length >= count, 'all messages');
        deepStrictEqual(
          payloads(),
          Array.from({ length: count }, (_, index) => index),
        );
      }
    },
  },
  ...MATCHES.map(
    ([pattern, hits, misses]): BusCase => ({
      name: `the pattern ${pattern} hears what it stands for and nothing else`,
      async run(subject, context) {
        const heard = inbox();
        subject.bus.subscribe(pattern, heard.handler);
        for (const one of [...hits, ...misses]) subject.bus.publish(one, one);
        await context.until(() => heard.messages.length >= hits.length, 'the messages');
        await flushed(subject, context, 'zz');
        const wanted = pattern === '>' || pattern === '*' ? [...hits, 'zz'] : hits;
        deepStrictEqual(
          heard.messages.map((message) => message.subject),
          wanted,
        );
        deepStrictEqual(heard.payloads().slice(0, hits.length), hits);
      },
    }),
  ),
  {
    name: 'a message comes once for each subscription it matches',
    async run(subject, context) {
      const heard = inbox();
      for (const pattern of ['a.b', 'a.b', 'a.*', 'a.>', '*.b'])
        subject.bus.subscribe(pattern, heard.handler);
      subject.bus.publish('a.b', 1);
      await context.until(() => heard.messages.length >= 5, 'five messages');
      await flushed(subject, context);
      strictEqual(heard.messages.length, 5);
    },
  },
  {
    name: 'a later subscriber does not receive earlier messages',
    async run(subject, context) {
      const late = inbox();
      subject.bus.publish('a.b', 'early');
      await flushed(subject, context);
      subject.bus.subscribe('a.b', late.handler);
      subject.bus.subscribe('a.*', late.handler);
      subject.bus.publish('a.b', 'late');
      await context.until(() => late.messages.length >= 2, 'the later message');
      deepStrictEqual(late.payloads(), ['late', 'late']);
    },
  },
  {
    name: 'an ended subscription receives nothing, the others continue, and ending twice has no effect',
    async run(subject, context) {
      const { bus } = subject;
      const [one, other] = [inbox(), inbox()];
      const ends = ['a.b', 'a.*'].map((pattern) => bus.subscribe(pattern, one.handler));
      for (const pattern of ['a.b', 'a.*']) bus.subscribe(pattern, other.handler);
      bus.publish('a.b', 1);
      await context.until(() => one.messages.length + other.messages.length >= 4, 'the first message');
      for (const end of [...ends, ...ends]) end();
      bus.publish('a.b', 2);
      await context.until(() => other.messages.length >= 4, 'the second message');
      await flushed(subject, context);
      deepStrictEqual(one.payloads(), [1, 1]);
      deepStrictEqual(other.payloads(), [1, 1, 2, 2]);
    },
  },
  {
    name: 'one member of a group receives each message, and all members receive some',
    async run(subject, context) {
      const members = [inbox(), inbox(), inbox()];
      for (const { handler } of members) subject.bus.subscribe('jobs', handler, { group: 'workers' });
      for (let job = 0; job < 300; job++) subject.bus.publish('jobs', job);
      const heard = (): unknown[] => members.flatMap(({ payloads }) => payloads());
      await context.until(() => heard().length >= 300, 'all jobs');
      await flushed(subject, context);
      deepStrictEqual(
        heard().sort(byNumber),
        Array.from({ length: 300 }, (_, job) => job),
      );
      for (const { messages } of members) ok(messages.length > 30, `a member got ${messages.length} of 300`);
    },
  },
  {
    name: 'groups and lone subscribers do not take messages from each other',
    async run(subject, context) {
      const boxes = [inbox(), inbox(), inbox(), inbox()];
      const groups = [{ group: 'x' }, { group: 'y' }, undefined, {}];
      for (const [index, { handler }] of boxes.entries())
        subject.bus.subscribe('jobs', handler, groups[index]);
      for (let job = 0; job < 10; job++) subject.bus.publish('jobs', job);
      for (const { messages } of boxes) await context.until(() => messages.length >= 10, 'ten jobs');
      await flushed(subject, context);
      deepStrictEqual(
        boxes.map(({ messages }) => messages.length),
        [10, 10, 10, 10],
      );
    },
  },
  {
    name: 'a group whose members joined with different patterns still receives each message once',
    async run(subject, context) {
      const members = ['jobs.a', 'jobs.*', 'jobs.>'].map((pattern) => {
        const box = inbox();
        subject.bus.subscribe(pattern, box.handler, { group: 'workers' });
        return box;
      });
      for (let job = 0; job < 90; job++) subject.bus.publish('jobs.a', job);
      const heard = (): unknown[] => members.flatMap(({ payloads }) => payloads());
      await context.until(() => heard().length >= 90, 'all jobs');
      await flushed(subject, context);
      deepStrictEqual(
        heard().sort(byNumber),
        Array.from({ length: 90 }, (_, job) => job),
      );
    },
  },
  {
    name: 'a group continues with its remaining members',
    async run(subject, context) {
      const [stays, leaves] = [inbox(), inbox()];
      subject.bus.subscribe('jobs', stays.handler, { group: 'workers' });
      const leave = subject.bus.subscribe('jobs', leaves.handler, { group: 'workers' });
      leave();
      await flushed(subject, context);
      for (let job = 0; job < 10; job++) subject.bus.publish('jobs', job);
      await context.until(() => stays.messages.length >= 10, 'ten jobs');
      deepStrictEqual(leaves.messages, []);
    },
  },
  {
    name: 'a handler that throws or rejects is logged and does not affect others',
    async run({ bus, logged }, context) {
      const [before, after] = [inbox(), inbox()];
      bus.subscribe('a', before.handler);
      bus.subscribe('a', () => {
        throw new Error('thrown on purpose');
      });
      bus.subscribe('a', (async () => {
        throw new Error('rejected on purpose');
      }) as () => void);
      bus.subscribe('a', after.handler);
      bus.publish('a', 1);
      bus.publish('a', 2);
      await context.until(() => before.messages.length >= 2 && after.messages.length >= 2, 'both messages');
      await context.until(() => logged() >= 4, 'four logged errors');
    },
  },
  {
    name: 'a payload arrives as JSON carries it: undefined as null',
    async run({ bus }, context) {
      const heard = inbox();
      bus.subscribe('a', heard.handler);
      const payloads = [undefined, null, 0, '', false, [], {}, 'text'];
      for (const payload of payloads) bus.publish('a', payload);
      await context.until(() => heard.messages.length >= payloads.length, 'all messages');
      deepStrictEqual(heard.payloads(), [null, ...payloads.slice(1)]);
    },
  },
  {
    name: 'a thousand subjects are distinguished',
    async run(subject, context) {
      const boxes = Array.from({ length: 1000 }, () => inbox());
      for (const [index, { handler }] of boxes.entries()) subject.bus.subscribe(`nodes.${index}`, handler);
      for (let round = 0; round < 3; round++) {
        for (const index of boxes.keys()) subject.bus.publish(`nodes.${index}`, index);
      }
      await context.until(() => boxes.every(({ messages }) => messages.length >= 3), 'all messages');
      for (const [index, { payloads }] of boxes.entries()) deepStrictEqual(payloads(), [index, index, index]);
    },
  },
  {
    name: 'a malformed subject or pattern throws a TypeError immediately',
    run({ bus }) {
      const subjects = [
        '',
        '.',
        'a.',
        '.a',
        'a..b',
        'a b',
        'a\tb',
        'a.*',
        '*',
        '>',
        'a.>',
        7 as unknown as string,
      ];
      for (const subject of subjects) throws(() => bus.publish(subject, 1), isTypeError, `took "${subject}"`);
      for (const pattern of ['', '.', 'a.', 'a..b', 'a b', '>.a', 'a.>.b', 'a.b>', 'a.*b', '**']) {
        throws(() => bus.subscribe(pattern, () => undefined), isTypeError, `subscribed to "${pattern}"`);
        throws(() => bus.respond(pattern, async () => 1), isTypeError, `responds to "${pattern}"`);
      }
    },
  },
];

/** Waits until a message published now has arrived, so that all messages in flight have arrived, too. */
async function flushed({ bus }: BusSubject, context: CaseContext, subject = 'flush.the.bus'): Promise<void> {
  const heard = inbox();
  const end = bus.subscribe(subject, heard.handler);
  bus.publish(subject, 'flush');
  await context.until(() => heard.messages.length > 0, 'the bus to be flushed');
  end();
}

function byNumber(a: unknown, b: unknown): number {
  return (a as number) - (b as number);
}

function isTypeError(error: unknown): boolean {
  return error instanceof TypeError && !isGantryError(error);
}
