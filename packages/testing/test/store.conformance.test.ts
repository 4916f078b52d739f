import { GantryError } from '@gantry/core';
import type { Change, CommitOptions, Entry, Fence, Outcome, StoreEvent } from '@gantry/core/contracts';
import type { StoreSubject, Wreck } from '@gantry/testing';
import { storeKit } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { PlainStore } from './support/plain-store.ts';

function fixture(store: PlainStore): { subject: StoreSubject; close: () => Promise<void> } {
  const link = {
    cut: () => {
      store.link = 'cut';
    },
    loseAnswers: () => {
      store.link = 'mute';
    },
    heal: () => {
      store.link = 'good';
    },
  };
  const jump = (ms: number): void => {
    store.now += ms;
  };
  return {
    subject: {
      store,
      forget: () => store.forget(),
      second: () => store.second(),
      restart: () => store.restart(),
      link,
      jump,
    },
    close: () => PlainStore.prototype[Symbol.asyncDispose].call(store),
  };
}

function wreck(name: string, caughtBy: string, Broken: new () => PlainStore): Wreck<StoreSubject> {
  return { name, caughtBy, make: () => fixture(new Broken()) };
}

const wrecks = [
  wreck(
    'ignores deletes',
    'a delete removes the entry from get and list',
    class extends PlainStore {
      override write(change: Change): Outcome {
        return change.value === undefined ? { ok: true, revision: ++this.revision } : super.write(change);
      }
    },
  ),
  wreck(
    'ignores expectations',
    'a stale expectation is rejected with the current entry and changes nothing',
    class extends PlainStore {
      override fits(): boolean {
        return true;
      }
    },
  ),
  wreck(
    'takes "absent" for any revision',
    'expecting absence writes if there is no entry and is rejected if there is one',
    class extends PlainStore {
      override fits(change: Change, current: Entry | undefined): boolean {
        return change.expect === 'absent' || super.fits(change, current);
      }
    },
  ),
  wreck(
    'deletes whatever was expected',
    'a delete keeps to its expectation',
    class extends PlainStore {
      override fits(change: Change, current: Entry | undefined): boolean {
        return change.value === undefined || super.fits(change, current);
      }
    },
  ),
  wreck(
    'refuses a whole commit for one of its changes',
    'a rejected change does not stop the others of its commit, and each is answered in its place',
    class extends PlainStore {
      override async commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
        const all = changes.every((change) => this.fits(change, this.entries.get(change.key)));
        return all ? super.commit(changes) : changes.map(() => ({ ok: false, current: undefined }));
      }
    },
  ),
  wreck(
    'checks all expectations before it writes',
    'the changes of one commit are done in the given order, also on one key',
    class extends PlainStore {
      override async commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
        const fits = changes.map((change) => this.fits(change, this.entries.get(change.key)));
        return super.commit(
          changes.map(({ key, value }, index) => ({ key, value: fits[index] ? value : 0 })),
        );
      }
    },
  ),
  wreck(
    'decides and writes in two steps',
    'exactly one of many writers with the same expectation wins',
    class extends PlainStore {
      override async commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
        const fits = changes.every((change) => this.fits(change, this.entries.get(change.key)));
        await null;
        if (!fits) return super.commit(changes);
        return super.commit(changes.map(({ key, value }) => ({ key, value })));
      }
    },
  ),
  wreck(
    'keeps the writer’s own object',
    'later changes of a written object by its writer do not reach the store',
    class extends PlainStore {
      override copy<T extends StoreEvent | Entry>(event: T | undefined): T | undefined {
        return event;
      }
    },
  ),
  wreck(
    'hands out its live objects',
    'changes of a value by a reader do not reach the next reader',
    class extends PlainStore {
      override async get(key: string): Promise<Entry | undefined> {
        return this.entries.get(key);
      }
    },
  ),
  wreck(
    'takes what JSON cannot say',
    'a value that is not JSON is a TypeError, and nothing of its commit is written',
    class extends PlainStore {
      override checkValue(): void {}
    },
  ),
  wreck(
    'checks a change only when it comes to it',
    'a malformed key is a TypeError, and nothing of its commit is written',
    class extends PlainStore {
      override async commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
        const outcomes: Outcome[] = [];
        for (const change of changes) outcomes.push(...(await super.commit([change])));
        return outcomes;
      }
    },
  ),
  wreck(
    'has one revision per key',
    'revisions are positive integers: each commit has larger ones than those before, none shrinks within it',
    class extends PlainStore {
      override write(change: Change): Outcome {
        const outcome = super.write(change);
        const versions = this.events.filter(({ key }) => key === change.key).length;
        return outcome.ok ? { ok: true, revision: versions } : outcome;
      }
    },
  ),
  wreck(
    'throws on an absent key',
    'an absent key reads as undefined',
    class extends PlainStore {
      override async get(key: string): Promise<Entry | undefined> {
        const entry = await super.get(key);
        if (entry === undefined) throw new Error(`no ${key}`);
        return entry;
      }
    },
  ),
  wreck(
    'lists in the order of writing',
    'a list is sorted by the UTF-16 code units of its keys',
    class extends PlainStore {
      override async list(prefix: string) {
        const entries = [...this.entries.values()].filter(({ key }) => key.startsWith(prefix));
        return { entries, revision: this.revision };
      }
    },
  ),
  wreck(
    'sorts keys as people do',
    'a list is sorted by the UTF-16 code units of its keys',
    class extends PlainStore {
      override async list(prefix: string) {
        const { entries, revision } = await super.list(prefix);
        return { entries: [...entries].sort((a, b) => a.key.localeCompare(b.key)), revision };
      }
    },
  ),
  wreck(
    'takes a prefix for a folder',
    'a list holds every entry whose key starts with the prefix, and no other',
    class extends PlainStore {
      override async list(prefix: string) {
        return super.list(prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`);
      }
    },
  ),
  wreck(
    'lists one page only',
    'ten thousand keys are listed, whole and in order',
    class extends PlainStore {
      override async list(prefix: string) {
        const { entries, revision } = await super.list(prefix);
        return { entries: entries.slice(0, 1000), revision };
      }
    },
  ),
  wreck(
    'returns revision 0 for an empty list',
    'an empty list still has its revision',
    class extends PlainStore {
      override async list(prefix: string) {
        const listing = await super.list(prefix);
        return listing.entries.length > 0 ? listing : { ...listing, revision: 0 };
      }
    },
  ),
  wreck(
    'watches everything',
    'a watch receives only events under its prefix',
    class extends PlainStore {
      override wanted(): boolean {
        return true;
      }
    },
  ),
  wreck(
    'watches from now on, whatever `since` says',
    'a watch that starts in the past first receives missed events',
    class extends PlainStore {
      override watch(prefix: string, { signal }: { signal: AbortSignal }) {
        return super.watch(prefix, { since: this.revision, signal });
      }
    },
  ),
  wreck(
    'replays everything, whatever `since` says',
    'a watch since the present sees nothing of the past',
    class extends PlainStore {
      override watch(prefix: string, { signal }: { signal: AbortSignal }) {
        return super.watch(prefix, { since: 0, signal });
      }
    },
  ),
  wreck(
    'tells a listing’s revision one too low',
    'list followed by watch neither misses nor repeats an event under concurrent writes',
    class extends PlainStore {
      override async list(prefix: string) {
        const listing = await super.list(prefix);
        return { ...listing, revision: Math.max(0, listing.revision - 1) };
      }
    },
  ),
  wreck(
    'takes a listing’s revision after its entries',
    'list followed by watch neither misses nor repeats an event under concurrent writes',
    class extends PlainStore {
      override async list(prefix: string) {
        const { entries } = await super.list(prefix);
        for (let turn = 0; turn < 10; turn++) await null;
        return { entries, revision: this.revision };
      }
    },
  ),
  wreck(
    'tells a watch of refused changes, as an empty batch',
    'a rejected change is not an event, and a batch is never empty',
    class extends PlainStore {
      override async *watch(prefix: string, options: { since: number; signal: AbortSignal }) {
        for await (const batch of super.watch(prefix, options)) {
          yield [];
          yield batch;
        }
      }
    },
  ),
  wreck(
    'leaves deletes out of a watch',
    'a delete is an event without a value',
    class extends PlainStore {
      override wanted(event: StoreEvent, prefix: string): boolean {
        return event.value !== undefined && super.wanted(event, prefix);
      }
    },
  ),
  wreck(
    'gives each event to one watch only',
    'several watches see the same, each everything',
    class extends PlainStore {
      override wanted(event: StoreEvent, prefix: string): boolean {
        const wanted = super.wanted(event, prefix) && !('taken' in event);
        if (wanted) Object.assign(event, { taken: true });
        return wanted;
      }
    },
  ),
  wreck(
    'keeps a hundred events for a slow watch and drops the older ones',
    'a slow watcher misses nothing and does not hold up others',
    class extends PlainStore {
      override write(change: Change): Outcome {
        const outcome = super.write(change);
        if (this.events.length > 100) this.events.shift();
        return outcome;
      }
    },
  ),
  wreck(
    'ignores the signal of a watch',
    'a fired signal ends a watch without an error',
    class extends PlainStore {
      override over(): boolean {
        return false;
      }
    },
  ),
  wreck(
    'ignores the signal of a call',
    'a signal that has fired aborts get, list and commit, and nothing is written',
    class extends PlainStore {
      override enter(): void {}
    },
  ),
  wreck(
    'closes all watches when one consumer leaves',
    'a consumer that stops early disturbs no other',
    class extends PlainStore {
      left = false;
      override async *watch(prefix: string, options: { since: number; signal: AbortSignal }) {
        try {
          for await (const batch of super.watch(prefix, options)) {
            if (this.left) return;
            yield batch;
          }
        } finally {
          this.left = true;
        }
      }
    },
  ),
  wreck(
    'skips silently what was compacted',
    'a watch since events that are forgotten is COMPACTED, and a new list joins again',
    class extends PlainStore {
      override async forget(): Promise<void> {
        this.events = [];
      }
    },
  ),
  wreck(
    'stays open after dispose',
    'every call is CLOSED after dispose',
    class extends PlainStore {
      override async [Symbol.asyncDispose](): Promise<void> {}
    },
  ),
  wreck(
    'leaves its watches hanging at dispose',
    'dispose ends open watches without an error',
    class extends PlainStore {
      override async [Symbol.asyncDispose](): Promise<void> {
        this.wakers.clear();
        this.closed = true;
      }
    },
  ),
  wreck(
    'throws at the second dispose',
    'a second dispose does nothing',
    class extends PlainStore {
      override async [Symbol.asyncDispose](): Promise<void> {
        if (this.closed) throw new Error('closed already');
        this.closed = true;
      }
    },
  ),
  wreck(
    'answers a put of an equal value without writing it',
    'random commands have the same effect on the store as on a map with revisions',
    class extends PlainStore {
      override write(change: Change): Outcome {
        const current = this.entries.get(change.key);
        const same = current && JSON.stringify(current.value) === JSON.stringify(change.value);
        return same ? { ok: true, revision: current.revision } : super.write(change);
      }
    },
  ),
];

/** As the engines that give all writes of a commit one revision, unless two are to one key. */
class OneRevision extends PlainStore {
  written = new Set<string>();

  override async commit(changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> {
    this.written.clear();
    return await super.commit(changes, options);
  }

  override write(change: Change): Outcome {
    if (this.written.size > 0 && !this.written.has(change.key)) this.revision--;
    const { revision } = this;
    const outcome = super.write(change);
    if (this.revision > revision) this.written.add(change.key);
    else if (this.written.size > 0) this.revision++;
    return outcome;
  }
}

const wrecksOfEngines = [
  wreck(
    'gives a whole commit one revision, whatever its keys',
    'writes of one commit to one key have different revisions',
    class extends OneRevision {
      override write(change: Change): Outcome {
        if (this.written.has(change.key)) this.revision--;
        return super.write(change);
      }
    },
  ),
  wreck(
    'breaks up the events of a revision',
    'all events of one revision come in one batch, also to a lagging watcher',
    class extends OneRevision {
      override async *watch(prefix: string, options: { since: number; signal: AbortSignal }) {
        for await (const batch of super.watch(prefix, options)) {
          const half = Math.ceil(batch.length / 3) + 1;
          yield batch.slice(0, half);
          if (half < batch.length) yield batch.slice(half);
        }
      }
    },
  ),
  wreck(
    'has fences in name only',
    'a commit whose fence has changed, or is gone, is FENCED and nothing of it is written',
    class extends PlainStore {
      override pass(): void {}
    },
  ),
  wreck(
    'takes a fence that is gone for one that stands',
    'a commit whose fence has changed, or is gone, is FENCED and nothing of it is written',
    class extends PlainStore {
      override pass(fence: Fence): void {
        if (this.entries.has(fence.key)) super.pass(fence);
      }
    },
  ),
  wreck(
    'looks at the fence after the first hundred changes',
    'a commit whose fence has changed, or is gone, is FENCED and nothing of it is written',
    class extends PlainStore {
      override async commit(changes: readonly Change[], options?: CommitOptions) {
        const first = await super.commit(changes.slice(0, 100), changes.length > 100 ? {} : options);
        return [...first, ...(await super.commit(changes.slice(100), options))];
      }
    },
  ),
  wreck(
    'refuses every fence',
    'a commit is written while its fence stands, and answers each of its changes',
    class extends PlainStore {
      override pass(fence: Fence): void {
        throw new GantryError('FENCED', fence.key);
      }
    },
  ),
  wreck(
    'looks at the fence and writes in two steps',
    'no commit of a writer is written once its fence has changed, even under concurrent writes',
    class extends PlainStore {
      override async commit(changes: readonly Change[], options?: CommitOptions) {
        if (options?.fence !== undefined) {
          this.pass(options.fence);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return await super.commit(changes);
      }
    },
  ),
  wreck(
    'lists fifty thousand keys and no more',
    'a hundred thousand keys are listed, whole and in order, all or a part of them',
    class extends PlainStore {
      override async list(prefix: string) {
        const { entries, revision } = await super.list(prefix);
        return { entries: entries.slice(0, 50_000), revision };
      }
    },
  ),
  wreck(
    'writes the first 128 changes of a commit',
    'a commit with more changes than an engine accepts at once is answered change by change',
    class extends PlainStore {
      override async commit(changes: readonly Change[], options?: CommitOptions) {
        const first = await super.commit(changes.slice(0, 128), options);
        return [...first, ...changes.slice(128).map(() => ({ ok: true, revision: this.revision }) as const)];
      }
    },
  ),
  wreck(
    'cuts long values',
    'a value as long as the store takes is kept, and many of them in one commit',
    class extends PlainStore {
      override write(change: Change): Outcome {
        const { value } = change;
        return super.write(typeof value === 'string' ? { ...change, value: value.slice(0, 65_536) } : change);
      }
    },
  ),
  wreck(
    'takes values of any length',
    'a value longer than the store takes is INVALID_OBJECT, and nothing of its commit is written',
    class extends PlainStore {
      override checkLength(): void {}
    },
  ),
  wreck(
    'counts characters for bytes',
    'a value longer than the store takes is INVALID_OBJECT, and nothing of its commit is written',
    class extends PlainStore {
      override lengthOf(text: string): number {
        return text.length;
      }
    },
  ),
  wreck(
    'loses the last write in a crash',
    'written entries are present after a restart, with their revisions, and later revisions continue from there',
    class extends PlainStore {
      override async restart(): Promise<PlainStore> {
        const last = [...this.entries.keys()].at(-1) as string;
        this.entries.delete(last);
        return this;
      }
    },
  ),
  wreck(
    'restarts its revisions after a crash',
    'written entries are present after a restart, with their revisions, and later revisions continue from there',
    class extends PlainStore {
      override async restart(): Promise<PlainStore> {
        this.revision = 0;
        return this;
      }
    },
  ),
  wreck(
    'leaves a watch silent after a crash',
    'a watch resumes across a restart: it delivers everything, in order and once',
    class extends PlainStore {
      override async restart(): Promise<PlainStore> {
        this.wakers.clear();
        return this;
      }
    },
  ),
  wreck(
    'tells a watch everything again after a crash',
    'a watch resumes across a restart: it delivers everything, in order and once',
    class extends PlainStore {
      again = false;
      override async restart(): Promise<PlainStore> {
        this.again = true;
        this.wake();
        return this;
      }
      override async *watch(prefix: string, options: { since: number; signal: AbortSignal }) {
        for await (const batch of super.watch(prefix, options)) {
          yield this.again ? [...this.events] : batch;
          this.again = false;
        }
      }
    },
  ),
  wreck(
    'keeps a second store in the dark',
    'two stores over the same data see each other’s writes, in one order',
    class extends PlainStore {
      override async second(): Promise<PlainStore> {
        return new PlainStore();
      }
    },
  ),
  wreck(
    'reads from a copy that lags behind',
    'a store reads the writes of another as soon as they are answered',
    class extends PlainStore {
      override async second(): Promise<PlainStore> {
        const copy = new PlainStore();
        const follow = async (): Promise<void> => {
          const { signal } = new AbortController();
          for await (const batch of super.watch('', { since: 0, signal })) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            for (const event of batch) copy.write(event);
          }
        };
        void follow();
        return copy;
      }
    },
  ),
  wreck(
    'lets both of two stores win',
    'exactly one of the writers on two stores with the same expectation wins each time',
    class extends PlainStore {
      override async second(): Promise<PlainStore> {
        const other = new (class extends PlainStore {
          override fits(): boolean {
            return true;
          }
        })();
        Object.assign(other, { entries: this.entries, events: this.events });
        return other;
      }
    },
  ),
  wreck(
    'tells another’s listing one revision too low',
    'list followed by watch neither misses nor repeats an event while another store writes',
    class extends PlainStore {
      override async list(prefix: string) {
        const listing = await super.list(prefix);
        return { ...listing, revision: Math.max(0, listing.revision - 1) };
      }
    },
  ),
  wreck(
    'waits indefinitely for an unreachable engine',
    'calls fail as UNAVAILABLE or TIMEOUT while nothing gets through, and succeed afterwards',
    class extends PlainStore {
      override async get(key: string): Promise<Entry | undefined> {
        if (this.link === 'cut') return await new Promise(() => undefined);
        return await super.get(key);
      }
    },
  ),
  wreck(
    'ends its watches when the link is cut',
    'calls fail as UNAVAILABLE or TIMEOUT while nothing gets through, and succeed afterwards',
    class extends PlainStore {
      override async *watch(prefix: string, options: { since: number; signal: AbortSignal }) {
        for await (const batch of super.watch(prefix, options)) {
          if (this.link !== 'good') return;
          yield batch;
        }
      }
      override reach(): void {
        this.wake();
        if (this.link !== 'good') for (const waker of this.wakers) queueMicrotask(waker);
        super.reach();
      }
      override over(): boolean {
        return this.link !== 'good';
      }
    },
  ),
  wreck(
    'says that nothing was written when it does not know',
    'a write whose answer is lost is reported as unknown, is done at most once, and a read shows its outcome',
    class extends PlainStore {
      override reach(): void {
        if (this.link !== 'good') throw new GantryError('UNAVAILABLE', 'no answer');
      }
    },
  ),
  wreck(
    'writes again on its own when an answer is lost',
    'a write whose answer is lost is reported as unknown, is done at most once, and a read shows its outcome',
    class extends PlainStore {
      override async commit(changes: readonly Change[], options?: CommitOptions) {
        if (this.link === 'mute') await super.commit(changes, options).catch(() => undefined);
        return await super.commit(changes, options);
      }
    },
  ),
  wreck(
    'takes its revisions from the wall clock',
    'a wall clock that jumps changes nothing',
    class extends PlainStore {
      override write(change: Change): Outcome {
        this.revision = Math.max(this.now, 1);
        return super.write(change);
      }
    },
  ),
];

sabotage(storeKit, () => fixture(new PlainStore()), [...wrecks, ...wrecksOfEngines]);
