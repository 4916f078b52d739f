import type { BusMessage, SubscribeOptions, Unsubscribe } from '@gantry/core/contracts';
import type { BusSubject, Wreck } from '@gantry/testing';
import { busKit, TestClock } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { type Listener, PlainBus } from './support/plain-bus.ts';

function fixture(Bus: new (clock: TestClock) => PlainBus): {
  subject: BusSubject;
  close: () => Promise<void>;
} {
  const clock = new TestClock();
  const bus = new Bus(clock);
  return {
    subject: {
      bus: bus as BusSubject['bus'],
      pass: (ms) => clock.advance(ms),
      logged: () => bus.errors,
    },
    close: () => PlainBus.prototype[Symbol.asyncDispose].call(bus),
  };
}

function wreck(
  name: string,
  caughtBy: string,
  Broken: new (clock: TestClock) => PlainBus,
): Wreck<BusSubject> {
  return { name, caughtBy, make: () => fixture(Broken) };
}

const wrecks = [
  wreck(
    'reports itself as connected indefinitely',
    'it is connected from its start to its end',
    class extends PlainBus {
      override get connected(): boolean {
        return true;
      }
    },
  ),
  wreck(
    'tells the first subscriber only',
    'a message reaches every subscriber of its subject, with subject and payload',
    class extends PlainBus {
      override chosen(subject: string, answers: boolean): Listener[] {
        return super.chosen(subject, answers).slice(0, 1);
      }
    },
  ),
  wreck(
    'throws without a subscriber',
    'a message without a subscriber is not an error',
    class extends PlainBus {
      override publish(subject: string, payload: unknown): void {
        if (this.chosen(subject, false).length === 0) throw new Error('no responder');
        super.publish(subject, payload);
      }
    },
  ),
  wreck(
    'calls its handlers inside publish',
    'handlers run after publish returned, never inside it',
    class extends PlainBus {
      override later(run: () => void): void {
        run();
      }
    },
  ),
  wreck(
    'lets later messages overtake',
    'the messages of a publisher arrive in its order on each subject, each once',
    class extends PlainBus {
      count = 0;
      override later(run: () => void): void {
        if (++this.count % 7 === 0) setImmediate(run);
        else super.later(run);
      }
    },
  ),
  wreck(
    'delivers twice now and then',
    'the messages of a publisher arrive in its order on each subject, each once',
    class extends PlainBus {
      count = 0;
      override later(run: () => void): void {
        super.later(run);
        if (++this.count % 100 === 0) super.later(run);
      }
    },
  ),
  wreck(
    'lets * stand for any number of tokens',
    'the pattern a.*.c hears what it stands for and nothing else',
    class extends PlainBus {
      override matches(pattern: string, subject: string): boolean {
        return new RegExp(
          `^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replace('>', '.+')}$`,
        ).test(subject);
      }
    },
  ),
  wreck(
    'lets > stand for nothing as well',
    'the pattern a.> hears what it stands for and nothing else',
    class extends PlainBus {
      override matches(pattern: string, subject: string): boolean {
        return (
          super.matches(pattern, subject) || (pattern.endsWith('.>') && pattern.slice(0, -2) === subject)
        );
      }
    },
  ),
  wreck(
    'lets a pattern match by its beginning',
    'the pattern a.b hears what it stands for and nothing else',
    class extends PlainBus {
      override matches(pattern: string, subject: string): boolean {
        return super.matches(pattern, subject) || subject.startsWith(pattern);
      }
    },
  ),
  wreck(
    'merges the subscriptions of one handler',
    'a message comes once for each subscription it matches',
    class extends PlainBus {
      override chosen(subject: string, answers: boolean): Listener[] {
        return [...new Map(super.chosen(subject, answers).map((one) => [one.handler, one])).values()];
      }
    },
  ),
  wreck(
    'keeps the last message for later subscribers',
    'a later subscriber does not receive earlier messages',
    class extends PlainBus {
      last = new Map<string, BusMessage>();
      override publish(subject: string, payload: unknown): void {
        this.last.set(subject, { subject, payload });
        super.publish(subject, payload);
      }
      override subscribe(
        pattern: string,
        handler: (message: BusMessage) => unknown,
        options?: SubscribeOptions,
      ) {
        const kept = this.last.get(pattern);
        if (kept !== undefined) this.later(() => handler(kept));
        return super.subscribe(pattern, handler, options);
      }
    },
  ),
  wreck(
    'ends all subscriptions of a subject with one of them',
    'an ended subscription receives nothing, the others continue, and ending twice has no effect',
    class extends PlainBus {
      override subscribe(pattern: string, handler: (message: BusMessage) => unknown): Unsubscribe {
        super.subscribe(pattern, handler);
        return () => {
          this.listeners = this.listeners.filter((one) => one.pattern !== pattern);
        };
      }
    },
  ),
  wreck(
    'never ends a subscription',
    'an ended subscription receives nothing, the others continue, and ending twice has no effect',
    class extends PlainBus {
      override subscribe(...all: Parameters<PlainBus['subscribe']>): Unsubscribe {
        super.subscribe(...all);
        return () => undefined;
      }
    },
  ),
  wreck(
    'ignores groups',
    'one member of a group receives each message, and all members receive some',
    class extends PlainBus {
      override listen(
        pattern: string,
        handler: Listener['handler'],
        _: unknown,
        answers: boolean,
      ): Unsubscribe {
        return super.listen(pattern, handler, undefined, answers);
      }
    },
  ),
  wreck(
    'always chooses the first member of a group',
    'one member of a group receives each message, and all members receive some',
    class extends PlainBus {
      override pick(members: readonly Listener[]): Listener {
        return members[0] as Listener;
      }
    },
  ),
  wreck(
    'takes all groups for one',
    'groups and lone subscribers do not take messages from each other',
    class extends PlainBus {
      override listen(
        pattern: string,
        handler: Listener['handler'],
        options: SubscribeOptions | undefined,
        answers: boolean,
      ): Unsubscribe {
        return super.listen(pattern, handler, options?.group ? { group: 'all' } : {}, answers);
      }
    },
  ),
  wreck(
    'keeps groups apart by pattern',
    'a group whose members joined with different patterns still receives each message once',
    class extends PlainBus {
      override listen(
        pattern: string,
        handler: Listener['handler'],
        options: SubscribeOptions | undefined,
        answers: boolean,
      ): Unsubscribe {
        const own = options?.group ? { group: `${options.group} ${pattern}` } : {};
        return super.listen(pattern, handler, own, answers);
      }
    },
  ),
  wreck(
    'chooses members that have left',
    'a group continues with its remaining members',
    class extends PlainBus {
      override listen(...[pattern, handler, options, answers]: Parameters<PlainBus['listen']>): Unsubscribe {
        const end = super.listen(pattern, handler, options, answers);
        return options?.group ? () => undefined : end;
      }
    },
  ),
  wreck(
    'swallows what a handler throws',
    'a handler that throws or rejects is logged and does not affect others',
    class extends PlainBus {
      override async notify({ handler }: Listener, message: BusMessage): Promise<void> {
        try {
          await handler(message);
        } catch {}
      }
    },
  ),
  wreck(
    'hands undefined on',
    'a payload arrives as JSON carries it: undefined as null',
    class extends PlainBus {
      override carry(payload: unknown): unknown {
        return payload;
      }
    },
  ),
  wreck(
    'goes by the first eight letters of a subject',
    'a thousand subjects are distinguished',
    class extends PlainBus {
      override matches(pattern: string, subject: string): boolean {
        return pattern.slice(0, 8) === subject.slice(0, 8);
      }
    },
  ),
  wreck(
    'takes any text for a subject',
    'a malformed subject or pattern throws a TypeError immediately',
    class extends PlainBus {
      override checkSubject(): void {}
    },
  ),
  wreck(
    'takes any text for a pattern',
    'a malformed subject or pattern throws a TypeError immediately',
    class extends PlainBus {
      override checkPattern(): void {}
    },
  ),
  wreck(
    'lets a request without responder run into its timeout',
    'a request without a responder is UNAVAILABLE immediately',
    class extends PlainBus {
      override nobody(): Promise<unknown> {
        return new Promise(() => undefined);
      }
    },
  ),
  wreck(
    'waits for an answer indefinitely',
    'a request to an unresponsive responder is TIMEOUT after the given time, and not before',
    class extends PlainBus {
      override request(subject: string, payload: unknown, options: { signal?: AbortSignal }) {
        return super.request(subject, payload, { ...options, timeoutMs: 1e12 });
      }
    },
  ),
  wreck(
    'gives up too early',
    'a request to an unresponsive responder is TIMEOUT after the given time, and not before',
    class extends PlainBus {
      override request(subject: string, payload: unknown, options: { signal?: AbortSignal }) {
        return super.request(subject, payload, { ...options, timeoutMs: 1 });
      }
    },
  ),
  wreck(
    'ignores the signal of a request',
    'a signal that fires, or has fired, ends a request as ABORTED',
    class extends PlainBus {
      override request(subject: string, payload: unknown, { timeoutMs }: { timeoutMs: number }) {
        return super.request(subject, payload, { timeoutMs });
      }
    },
  ),
  wreck(
    'makes every error of a responder INTERNAL',
    "a responder's error reaches the requester with its code and its message",
    class extends PlainBus {
      override failure(error: unknown): unknown {
        return new Error(String(error));
      }
    },
  ),
  wreck(
    'waits for the slowest of several answers',
    'the first one of several answers counts',
    class extends PlainBus {
      override async request(subject: string, payload: unknown): Promise<unknown> {
        const all = this.chosen(subject, true).map(({ handler }) => handler({ subject, payload }));
        return (await Promise.all(all))[0];
      }
    },
  ),
  wreck(
    'asks every member of a group of responders',
    'one responder of a group receives each request, and all of them in turn',
    class extends PlainBus {
      override respond(pattern: string, handler: Listener['handler']): Unsubscribe {
        return super.respond(pattern, handler);
      }
    },
  ),
  wreck(
    'gives the answer of one request to all that wait',
    'concurrent requests each get their own answer',
    class extends PlainBus {
      shared: Promise<unknown> | undefined;
      override request(...all: Parameters<PlainBus['request']>): Promise<unknown> {
        this.shared ??= super.request(...all);
        return this.shared;
      }
    },
  ),
  wreck(
    'stays open after dispose',
    'every call is CLOSED after dispose, and dispose may be repeated',
    class extends PlainBus {
      override enter(): void {}
    },
  ),
  wreck(
    'leaves requests open at dispose',
    'dispose ends open requests as CLOSED',
    class extends PlainBus {
      override async [Symbol.asyncDispose](): Promise<void> {
        this.closed = true;
      }
    },
  ),
];

sabotage(busKit, () => fixture(PlainBus), wrecks);
