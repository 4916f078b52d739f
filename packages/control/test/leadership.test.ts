import { type Bus, type Clock, GantryError, type Store } from '@gantry/core';
import type { Change, CommitOptions, Outcome, Term } from '@gantry/core/contracts';
import { STORE_KEYS } from '@gantry/core/model';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { mayTake, sighted } from '../src/lead/lease.ts';
import { LeaseLeadership } from '../src/lead/lease-leadership.ts';

const LEASE_MS = 3000;

/** A process that campaigns; its way to the store can be cut, it can be halted, and it can die. */
class Candidate {
  readonly name: string;
  readonly leadership: LeaseLeadership;
  readonly stop = new AbortController();
  readonly done: Promise<void>;
  term: Term | undefined;
  wins = 0;
  cut = false;
  deaf = false;
  losesAnswers = false;
  /** When the process was halted; everything it waits for arrives when it resumes. */
  haltedAt: number | undefined;

  constructor(name: string, store: Store, clock: TestClock, random: SeededRandom) {
    this.name = name;
    const options = { leaseMs: LEASE_MS, identity: name };
    const isDeaf = (): boolean => this.deaf;
    const bus = {
      get connected() {
        return !isDeaf();
      },
    } as Bus;
    const own = { store: this.#link(store), bus, clock: this.#halting(clock), random, logger: silentLogger };
    this.leadership = new LeaseLeadership(own, options);
    this.done = this.leadership.campaign(async (term) => {
      this.term = term;
      this.wins++;
      await new Promise<void>((resolve) => {
        if (this.stop.signal.aborted) resolve();
        for (const signal of [term.signal, this.stop.signal])
          signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.term = undefined;
    }, this.stop.signal);
  }

  get leads(): boolean {
    return this.haltedAt === undefined && this.term?.holds() === true;
  }

  /** As kill -9: it neither answers nor leaves the lease. */
  async die(): Promise<void> {
    this.cut = true;
    this.stop.abort();
    await this.done;
  }

  #link(store: Store): Store {
    const through = async <T>(call: () => Promise<T>): Promise<T> => {
      if (this.cut) throw new GantryError('UNAVAILABLE', 'cut off');
      const answer = await call();
      if (this.losesAnswers) throw new GantryError('TIMEOUT', 'the answer is lost');
      return answer;
    };
    return {
      supports: store.supports,
      get: (key) => through(() => store.get(key)),
      list: (prefix) => through(() => store.list(prefix)),
      commit: (changes: readonly Change[], options?: CommitOptions): Promise<readonly Outcome[]> =>
        through(() => store.commit(changes, options)),
      watch: (prefix, options) => store.watch(prefix, options),
    };
  }

  /** A clock whose timers do not ring while the process is halted. */
  #halting(clock: TestClock): Clock {
    const after = (ms: number, callback: () => void): (() => void) => {
      let cancel = clock.after(ms, () => {
        const ring = (): void => {
          if (this.haltedAt === undefined) callback();
          else cancel = clock.after(10, ring);
        };
        ring();
      });
      return () => cancel();
    };
    return {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      after,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const onAbort = (): void => {
            cancel();
            reject(new GantryError('ABORTED', 'aborted'));
          };
          const cancel = after(ms, () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          });
          signal?.addEventListener('abort', onAbort, { once: true });
        }),
    };
  }
}

function world(count: number, seed = 1) {
  const clock = new TestClock();
  const store = new MemoryStore();
  const random = new SeededRandom(seed);
  const add = (name: string): Candidate => new Candidate(name, store, clock, random);
  const all = Array.from({ length: count }, (_, index) => add(`s${index}`));
  const leaders = (): Candidate[] => all.filter(({ leads }) => leads);
  const advance = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      await clock.advance(50);
      expect(leaders().length, `at ${clock.elapsed()} ms`).toBeLessThanOrEqual(1);
    }
  };
  const untilLed = async (): Promise<number> => {
    const from = clock.elapsed();
    while (leaders().length === 0) {
      await advance(50);
      if (clock.elapsed() - from > 60_000) throw new Error('no leader after 60 s');
    }
    return clock.elapsed() - from;
  };
  const close = async (): Promise<void> => {
    for (const each of all) each.stop.abort();
    const closing = Promise.all(all.map(({ done }) => done));
    await clock.advance(60_000);
    await closing;
    expect(clock.pending).toBe(0);
  };
  return { clock, store, all, leaders, advance, untilLed, close };
}

describe('the lease', () => {
  const lease = { holder: 'other', leaseMs: 3000, renewals: 1 };

  test('can be taken if it does not exist, if its holder has left, or by its own holder', () => {
    const sighting = sighted(undefined, 5, 100);
    expect(mayTake(undefined, sighting, 'me', 100)).toBe(true);
    expect(mayTake({ ...lease, holder: '' }, sighting, 'me', 100)).toBe(true);
    expect(mayTake({ ...lease, holder: 'me' }, sighting, 'me', 100)).toBe(true);
  });

  test('can be taken over once this process has seen it unchanged for its full duration', () => {
    let sighting = sighted(undefined, 5, 100);
    expect(mayTake(lease, sighting, 'me', 3099)).toBe(false);
    expect(mayTake(lease, sighting, 'me', 3100)).toBe(true);
    sighting = sighted(sighting, 5, 3000);
    expect(mayTake(lease, sighting, 'me', 3100)).toBe(true);
    sighting = sighted(sighting, 6, 3100);
    expect(mayTake(lease, sighting, 'me', 6099)).toBe(false);
  });
});

describe('leadership', () => {
  test('is won by one of several, immediately, and kept as long as it can renew', async () => {
    const { all, leaders, advance, untilLed, close } = world(3);
    expect(await untilLed()).toBeLessThan(LEASE_MS / 2);
    const [leader] = leaders();
    await advance(60_000);
    expect(leaders()).toEqual([leader]);
    expect(all.map(({ wins }) => wins).sort()).toEqual([0, 0, 1]);
    expect(new Set(all.map(({ leadership }) => leadership.leader))).toEqual(
      new Set([leader?.leadership.identity]),
    );
    await close();
  });

  test('passes to another within one and a half leases of a death', async () => {
    const { all, leaders, untilLed, close } = world(4);
    for (let round = 1; round < all.length; round++) {
      await untilLed();
      await leaders()[0]?.die();
      expect(await untilLed()).toBeLessThanOrEqual(1.5 * LEASE_MS);
    }
    await close();
  });

  test('passes to another as soon as the leader shuts down cleanly', async () => {
    const { leaders, clock, untilLed, close } = world(3);
    await untilLed();
    const [leader] = leaders();
    leader?.stop.abort();
    await clock.settle();
    expect(await untilLed()).toBeLessThanOrEqual(LEASE_MS / 2);
    await close();
  });

  test('ends before the lease does if the store is unreachable, and returns if no other process wants it', async () => {
    const { all, leaders, clock, advance, untilLed, close } = world(1);
    await untilLed();
    const [leader] = all;
    if (leader === undefined) throw new Error('no leader');
    const { term } = leader;
    leader.cut = true;
    const from = clock.elapsed();
    while (leaders().length > 0) await advance(50);
    expect(clock.elapsed() - from).toBeLessThanOrEqual(LEASE_MS * 0.8 + 50);
    await advance(10_000);
    expect(term?.signal.aborted).toBe(true);
    leader.cut = false;
    expect(await untilLed()).toBeLessThanOrEqual(1.5 * LEASE_MS);
    expect(leader.term?.number).toBe(2);
    await close();
  });

  test('is over for a process that was halted, from the moment it resumes', async () => {
    const { leaders, clock, advance, untilLed, close } = world(2);
    await untilLed();
    const [former] = leaders();
    if (former === undefined) throw new Error('no leader');
    former.haltedAt = clock.elapsed();
    expect(await untilLed()).toBeLessThanOrEqual(1.5 * LEASE_MS);
    const { term } = former;
    former.haltedAt = undefined;
    expect(term?.holds()).toBe(false);
    await advance(10_000);
    expect(former.leads).toBe(false);
    await close();
  });

  test('outlives renewals whose answers are lost', async () => {
    const { leaders, clock, advance, untilLed, close } = world(2);
    await untilLed();
    const [leader] = leaders();
    if (leader === undefined) throw new Error('no leader');
    for (let round = 0; round < 10; round++) {
      leader.losesAnswers = true;
      await advance(1000);
      leader.losesAnswers = false;
      await advance(1000);
    }
    expect([leaders(), leader.wins]).toEqual([[leader], 1]);
    expect(clock.elapsed()).toBeGreaterThan(20_000);
    await close();
  });

  test('something else in its place is not taken for a lease', async () => {
    const { store, all, advance, close } = world(0);
    await store.commit([{ key: STORE_KEYS.lease, value: 'nonsense' }]);
    const candidate = new Candidate('s', store, new TestClock(), new SeededRandom(1));
    all.push(candidate);
    await advance(1000);
    expect(candidate.leads).toBe(false);
    await close();
    await candidate.done;
  });

  test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
    'is held by one at most whatever happens: seed %i',
    async (seed) => {
      const { all, leaders, clock, store, advance, untilLed, close } = world(3, seed);
      const random = new SeededRandom(seed * 7919);
      const terms: number[] = [];
      for (let step = 0; step < 40; step++) {
        const one = all[Math.floor(random.next() * all.length)] as Candidate;
        const dice = random.next();
        if (dice < 0.25) one.cut = !one.cut;
        else if (dice < 0.4) one.losesAnswers = !one.losesAnswers;
        else if (dice < 0.6) one.haltedAt = one.haltedAt === undefined ? clock.elapsed() : undefined;
        await advance(Math.ceil(random.next() * 4000));
        for (const { term } of leaders()) if (term && term.number !== terms.at(-1)) terms.push(term.number);
      }
      for (const each of all) {
        each.cut = false;
        each.losesAnswers = false;
        each.haltedAt = undefined;
      }
      expect(await untilLed()).toBeLessThanOrEqual(2 * LEASE_MS);
      expect(terms).toEqual(terms.toSorted((a, b) => a - b));
      expect((await store.list('leader/')).entries).toHaveLength(2);
      await close();
    },
  );

  test('is given up after a lease duration without the bus; only a connected process takes over', async () => {
    const { all, leaders, advance, untilLed, close } = world(3);
    await untilLed();
    const [first] = leaders() as [Candidate];
    const [second, third] = all.filter((each) => each !== first) as [Candidate, Candidate];
    first.deaf = true;
    await advance(LEASE_MS - 500);
    expect(leaders()).toEqual([first]);
    first.deaf = false;
    await advance(2 * LEASE_MS);
    expect(leaders()).toEqual([first]);
    first.deaf = true;
    second.deaf = true;
    await advance(3 * LEASE_MS);
    expect(leaders()).toEqual([third]);
    third.deaf = true;
    await advance(3 * LEASE_MS);
    expect(leaders()).toEqual([]);
    first.deaf = false;
    expect(await untilLed()).toBeLessThanOrEqual(LEASE_MS);
    expect(leaders()).toEqual([first]);
    await close();
  });
});
