import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Store } from '@gantry/core';
import type { Change, Entry } from '@gantry/core/contracts';
import type { CaseContext } from '../kit.ts';
import { SeededRandom } from '../seeded-random.ts';
import { assertTold, commit, follow, mark, plain, reached, type StoreCase, shown } from './subject.ts';

const SEEDS = 8;
const STEPS = 60;

/** Runs the same random commands on a store and on its model, a map whose entries carry the revision of their write. */
export const modelCase: StoreCase = {
  name: 'random commands have the same effect on the store as on a map with revisions',
  async run({ store }, context) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        await play(store, context, new SeededRandom(seed), `seed-${seed}/`);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  },
};

async function play(store: Store, context: CaseContext, random: SeededRandom, root: string): Promise<void> {
  const model = new Map<string, Entry>();
  const history: unknown[] = [];
  const { revision: start } = await context.within(store.list(root), 'list');
  const followed = follow(store, root, start, context.signal);
  const below = (count: number): number => Math.floor(random.next() * count);
  const anyKey = (): string => `${root}${'abc'[below(3)]}/${below(4)}`;
  let last = start;

  const change = (): Change => {
    const key = anyKey();
    const value = random.next() < 0.3 ? undefined : { n: below(100), list: [below(3)] };
    const known = [undefined, undefined, 'absent', model.get(key)?.revision, below(last + 2) + 1] as const;
    const expect = known[below(known.length)];
    return expect === undefined ? { key, value } : { key, value, expect };
  };

  const write = async (): Promise<void> => {
    const planned = Array.from({ length: 1 + below(4) }, change);
    const outcomes = await commit(store, context, ...planned);
    strictEqual(outcomes.length, planned.length);
    const before = last;
    for (const [index, { key, value, expect }] of planned.entries()) {
      const outcome = outcomes[index];
      const current = model.get(key);
      const fits = expect === undefined || expect === (current?.revision ?? 'absent');
      strictEqual(
        outcome?.ok,
        fits,
        `change ${JSON.stringify(planned[index])} over ${JSON.stringify(current)}`,
      );
      if (!outcome.ok) {
        deepStrictEqual(plain(outcome.current), plain(current));
        continue;
      }
      if (value === undefined && current === undefined) continue;
      ok(outcome.revision >= last && outcome.revision > before, `revision ${outcome.revision} after ${last}`);
      ok(outcome.revision > (current?.revision ?? 0), `revision ${outcome.revision} twice for "${key}"`);
      last = outcome.revision;
      if (value === undefined) model.delete(key);
      else model.set(key, { key, value, revision: last });
      history.push([key, plain(value), last]);
    }
  };

  for (let step = 0; step < STEPS; step++) {
    const dice = random.next();
    if (dice < 0.6) {
      await write();
    } else if (dice < 0.8) {
      const key = anyKey();
      deepStrictEqual(plain(await context.within(store.get(key), 'get')), plain(model.get(key)));
    } else {
      const prefix = [root, `${root}a/`, `${root}b`][below(3)] as string;
      const { entries } = await context.within(store.list(prefix), 'list');
      const wanted = [...model.values()].filter(({ key }) => key.startsWith(prefix));
      deepStrictEqual(plain(entries), plain(wanted.sort((a, b) => (a.key < b.key ? -1 : 1))));
    }
  }
  const end = await mark(store, context, `${root}a/end`);
  history.push([`${root}a/end`, 'the end', end]);
  await reached(followed, end, context);
  // Deletes of absent keys may or may not be events: they are not in the model's history.
  const written = new Set(history.map((event) => JSON.stringify(event)));
  const told = followed.events.filter(
    (event) => event.value !== undefined || written.has(JSON.stringify(shown(event))),
  );
  assertTold(told.map(shown), history);
}
