import type { Change, Entry, Outcome, StoreEvent } from '@gantry/core';
import type { StoreSubject, Wreck } from '@gantry/testing';
import { storeKit } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { PlainStore } from './support/plain-store.ts';

function fixture(store: PlainStore): { subject: StoreSubject; close: () => Promise<void> } {
  return {
    subject: { store, forget: () => store.forget() },
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
    'a stale expectation is refused with the current entry and changes nothing',
    class extends PlainStore {
      override fits(): boolean {
        return true;
      }
    },
  ),
  wreck(
    'takes "absent" for any revision',
    'expecting absence writes where there is no entry and is refused where there is one',
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
    'a refused change does not stop the others of its commit, and each is answered in its place',
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
    'of many writers that expect the same, exactly one wins',
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
    'what a writer does to its object afterwards does not reach the store',
    class extends PlainStore {
      override copy<T extends StoreEvent | Entry>(event: T | undefined): T | undefined {
        return event;
      }
    },
  ),
  wreck(
    'hands out its live objects',
    'what a reader does to a value does not reach the next reader',
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
    'revisions are positive integers that grow with every write, whatever the key',
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
    'tells of an empty list the revision 0',
    'a list of nothing is empty and still tells its revision',
    class extends PlainStore {
      override async list(prefix: string) {
        const listing = await super.list(prefix);
        return listing.entries.length > 0 ? listing : { ...listing, revision: 0 };
      }
    },
  ),
  wreck(
    'watches everything',
    'a watch sees only what is under its prefix',
    class extends PlainStore {
      override wanted(): boolean {
        return true;
      }
    },
  ),
  wreck(
    'watches from now on, whatever `since` says',
    'a watch that starts in the past first sees what it missed',
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
    'list and watch join without a gap or a double while others write',
    class extends PlainStore {
      override async list(prefix: string) {
        const listing = await super.list(prefix);
        return { ...listing, revision: Math.max(0, listing.revision - 1) };
      }
    },
  ),
  wreck(
    'takes a listing’s revision after its entries',
    'list and watch join without a gap or a double while others write',
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
    'a refused change is no event, and a batch is never empty',
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
    'keeps a hundred events for a slow watch and drops the rest',
    'a slow watcher misses nothing and holds up nobody',
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
    'after dispose every call is CLOSED',
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
    'random commands do to the store what they do to a map with revisions',
    class extends PlainStore {
      override write(change: Change): Outcome {
        const current = this.entries.get(change.key);
        const same = current && JSON.stringify(current.value) === JSON.stringify(change.value);
        return same ? { ok: true, revision: current.revision } : super.write(change);
      }
    },
  ),
];

sabotage(storeKit, () => fixture(new PlainStore()), wrecks);
