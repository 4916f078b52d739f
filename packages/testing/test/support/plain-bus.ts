import { aborted, GantryError, toGantryError } from '@gantry/core';
import type { BusMessage, SubscribeOptions, Unsubscribe } from '@gantry/core/contracts';
import type { TestClock } from '@gantry/testing';

type Handler = (message: BusMessage) => unknown;

export interface Listener {
  readonly pattern: string;
  readonly handler: Handler;
  readonly group: string | undefined;
  readonly answers: boolean;
}

/** The simplest bus that keeps the contract: asks every listener for every message. The control of the kit. */
export class PlainBus {
  readonly clock: TestClock;
  listeners: Listener[] = [];
  open = new Set<(error: unknown) => void>();
  closed = false;
  errors = 0;

  constructor(clock: TestClock) {
    this.clock = clock;
  }

  get connected(): boolean {
    return !this.closed;
  }

  publish(subject: string, payload: unknown): void {
    this.enter();
    this.checkSubject(subject);
    const message = { subject, payload: this.carry(payload) };
    for (const listener of this.chosen(subject, false)) this.later(() => void this.notify(listener, message));
  }

  subscribe(pattern: string, handler: Handler, options?: SubscribeOptions): Unsubscribe {
    return this.listen(pattern, handler, options, false);
  }

  respond(pattern: string, handler: Handler, options?: SubscribeOptions): Unsubscribe {
    return this.listen(pattern, handler, options, true);
  }

  async request(
    subject: string,
    payload: unknown,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown> {
    this.enter();
    this.checkSubject(subject);
    if (signal?.aborted) throw aborted(signal);
    const responders = this.chosen(subject, true);
    if (responders.length === 0) return this.nobody();
    return new Promise((resolve, reject) => {
      this.open.add(reject);
      this.clock.after(timeoutMs, () => reject(new GantryError('TIMEOUT', 'too late')));
      signal?.addEventListener('abort', () => reject(aborted(signal)));
      const message = { subject, payload: this.carry(payload) };
      for (const { handler } of responders) {
        const call = async (): Promise<unknown> => this.carry(await handler(message));
        this.later(() => void call().then(resolve, (error) => reject(this.failure(error))));
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    for (const reject of this.open) reject(new GantryError('CLOSED', 'closed'));
  }

  listen(
    pattern: string,
    handler: Handler,
    options: SubscribeOptions | undefined,
    answers: boolean,
  ): Unsubscribe {
    this.enter();
    this.checkPattern(pattern);
    const listener = { pattern, handler, group: options?.group, answers };
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    };
  }

  chosen(subject: string, answers: boolean): Listener[] {
    const hit = this.listeners.filter((one) => one.answers === answers && this.matches(one.pattern, subject));
    const names = new Set(hit.map(({ group }) => group));
    return [...names].flatMap((name) => {
      const members = hit.filter(({ group }) => group === name);
      return name === undefined ? members : [this.pick(members)];
    });
  }

  /** The one that was chosen longest ago: it goes to the end of all listeners. */
  pick(members: readonly Listener[]): Listener {
    const [first] = members as [Listener];
    this.listeners = [...this.listeners.filter((one) => one !== first), first];
    return first;
  }

  matches(pattern: string, subject: string): boolean {
    if (!/[*>]/.test(pattern)) return pattern === subject;
    const wanted = pattern.split('.');
    const tokens = subject.split('.');
    if (wanted.at(-1) === '>') {
      return (
        tokens.length >= wanted.length &&
        this.matches(wanted.slice(0, -1).join('.'), tokens.slice(0, wanted.length - 1).join('.'))
      );
    }
    return (
      tokens.length === wanted.length && wanted.every((one, index) => one === '*' || one === tokens[index])
    );
  }

  async notify({ handler }: Listener, message: BusMessage): Promise<void> {
    try {
      await handler(message);
    } catch {
      this.errors++;
    }
  }

  enter(): void {
    if (this.closed) throw new GantryError('CLOSED', 'closed');
  }

  checkSubject(subject: string): void {
    if (typeof subject !== 'string' || !/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject))
      throw new TypeError('subject');
  }

  checkPattern(pattern: string): void {
    const tokens = pattern.split('.');
    const good = tokens.every(
      (token, index) =>
        token === '*' || /^[^\s*>]+$/.test(token) || (token === '>' && index === tokens.length - 1),
    );
    if (!good) throw new TypeError('pattern');
  }

  carry(payload: unknown): unknown {
    return payload ?? null;
  }

  failure(error: unknown): unknown {
    return toGantryError(error);
  }

  nobody(): Promise<unknown> {
    throw new GantryError('UNAVAILABLE', 'no responder');
  }

  later(run: () => void): void {
    queueMicrotask(run);
  }
}
