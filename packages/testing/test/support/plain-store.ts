import { GantryError, throwIfAborted } from '@gantry/core';
import type {
  Change,
  CommitOptions,
  Entry,
  Fence,
  Listing,
  Outcome,
  StoreEvent,
} from '@gantry/core/contracts';

const KEY = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/**
 * The simplest store that keeps the contract: copies everything, remembers everything, wakes every watch on every commit.
 * The control of the kit, and what its wrecks are made of.
 */
export class PlainStore {
  readonly supports = { durable: true, fencing: true, maxValueBytes: 100_000 };
  entries = new Map<string, Entry>();
  events: StoreEvent[] = [];
  forgotten = 0;
  revision = 0;
  closed = false;
  wakers = new Set<() => void>();
  /** What is wrong with the way to the engine, which is imagined. */
  link: 'good' | 'cut' | 'mute' = 'good';
  /** The wall clock. */
  now = 1_700_000_000_000;

  async get(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Entry | undefined> {
    this.enter(options?.signal);
    this.checkKey(key);
    this.reach();
    return this.copy(this.entries.get(key));
  }

  async list(prefix: string, options?: { signal?: AbortSignal | undefined }): Promise<Listing> {
    this.enter(options?.signal);
    this.reach();
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(prefix)).sort();
    return { entries: keys.map((key) => this.copy(this.entries.get(key)) as Entry), revision: this.revision };
  }

  async commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> {
    this.enter(options?.signal);
    for (const change of changes) {
      this.checkKey(change.key);
      this.checkValue(change.value);
      this.checkLength(change);
    }
    if (this.link === 'cut') this.reach();
    if (options?.fence !== undefined) this.pass(options.fence);
    const outcomes = changes.map((change) => this.write(change));
    this.wake();
    this.reach();
    return outcomes;
  }

  /** Fails as a call does whose engine cannot be reached, or whose answer is lost. */
  reach(): void {
    if (this.link === 'good') return;
    throw new GantryError(this.link === 'cut' ? 'UNAVAILABLE' : 'TIMEOUT', `the link is ${this.link}`);
  }

  pass({ key, revision }: Fence): void {
    if (this.entries.get(key)?.revision !== revision) throw new GantryError('FENCED', key);
  }

  checkLength({ key, value }: Change): void {
    if (value === undefined) return;
    if (this.lengthOf(JSON.stringify(value)) > this.supports.maxValueBytes) {
      throw new GantryError('INVALID_OBJECT', `the value of ${key} is too long`);
    }
  }

  lengthOf(text: string): number {
    return new TextEncoder().encode(text).length;
  }

  /** A crash of the engine, and its start. */
  async restart(): Promise<PlainStore> {
    return this;
  }

  /** What another process would have. */
  async second(): Promise<PlainStore> {
    return this;
  }

  async *watch(
    prefix: string,
    { since, signal }: { since: number; signal: AbortSignal },
  ): AsyncGenerator<readonly StoreEvent[]> {
    if (this.closed) throw new GantryError('CLOSED', 'closed');
    let at = since;
    let wake = (): void => undefined;
    const waker = (): void => wake();
    this.wakers.add(waker);
    signal.addEventListener('abort', waker);
    try {
      while (!this.closed && !this.over(signal)) {
        if (at < this.forgotten) throw new GantryError('COMPACTED', 'forgotten');
        const batch = this.events.filter((event) => event.revision > at && this.wanted(event, prefix));
        at = this.revision;
        if (batch.length > 0) yield batch.map((event) => this.copy(event) as StoreEvent);
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.wakers.delete(waker);
    }
  }

  async forget(): Promise<void> {
    this.forgotten = this.revision;
    this.events = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    this.wake();
  }

  enter(signal: AbortSignal | undefined): void {
    if (this.closed) throw new GantryError('CLOSED', 'closed');
    throwIfAborted(signal);
  }

  checkKey(key: string): void {
    if (typeof key !== 'string' || !KEY.test(key)) throw new TypeError(`malformed key ${key}`);
  }

  checkValue(value: unknown): void {
    if (value !== undefined) check(value, 0);
  }

  fits(change: Change, current: Entry | undefined): boolean {
    return change.expect === undefined || change.expect === (current?.revision ?? 'absent');
  }

  write(change: Change): Outcome {
    const current = this.entries.get(change.key);
    if (!this.fits(change, current)) return { ok: false, current: this.copy(current) };
    if (change.value === undefined && current === undefined) return { ok: true, revision: this.revision };
    const event = this.copy({
      key: change.key,
      value: change.value,
      revision: ++this.revision,
    }) as StoreEvent;
    this.events.push(event);
    if (event.value === undefined) this.entries.delete(event.key);
    else this.entries.set(event.key, event as Entry);
    return { ok: true, revision: this.revision };
  }

  wanted(event: StoreEvent, prefix: string): boolean {
    return event.key.startsWith(prefix);
  }

  over(signal: AbortSignal): boolean {
    return signal.aborted;
  }

  wake(): void {
    for (const waker of this.wakers) waker();
  }

  copy<T extends StoreEvent | Entry>(event: T | undefined): T | undefined {
    return event && structuredClone(event);
  }
}

function check(value: unknown, depth: number): void {
  const type = typeof value;
  const finite = type === 'number' && Number.isFinite(value);
  if (value === null || type === 'string' || type === 'boolean' || finite) return;
  if (type !== 'object' || depth > 50) throw new TypeError(`not JSON: ${type}`);
  if (Array.isArray(value)) for (const part of value) check(part, depth + 1);
  else if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError('not JSON: an instance');
  else for (const part of Object.values(value as object)) if (part !== undefined) check(part, depth + 1);
}
