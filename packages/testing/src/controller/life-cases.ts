import { deepStrictEqual, doesNotThrow, match, ok, strictEqual } from 'node:assert/strict';
import { contracts, isGantryError } from '@gantry/core';
import type { Entry } from '@gantry/core/contracts';
import { type AnyObject, idOf, type Kind } from '@gantry/core/model';
import type { ControllerCase } from './subject.ts';
import { Tap } from './tap.ts';
import { during, keysOf, type Trial, unless, work } from './trial.ts';

/** The behaviour of a controller when nothing goes wrong. */
/** How often a finished object is reconciled again. */
const ROUNDS = 4;

export const lifeCases: readonly ControllerCase[] = [
  {
    name: 'it has a name, and watches kinds that the cluster knows',
    async run(subject, context) {
      await during(subject, context, new Tap(), async ({ tap, cluster }) => {
        match(tap.controller?.name ?? '', /\S/);
        ok((tap.controller?.watches.length ?? 0) > 0, 'it watches nothing');
        for (const kind of tap.controller?.watches ?? [])
          doesNotThrow(() => cluster.get(contracts.views).of(kind));
      });
    },
  },
  {
    name: 'the controller does what its spec requests',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await work(subject, context, trial);
        ok(trial.tap.writes > 0, 'everything was done before it had written anything');
      });
    },
  },
  {
    name: 'the keys of an event are texts, the same each time, whether an object comes, changes or goes',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await work(subject, context, trial);
        const { controller } = trial.tap;
        const views = trial.cluster.get(contracts.views);
        for (const kind of controller?.watches ?? []) {
          for (const entry of views.of(kind).all() as Iterable<Entry<AnyObject>>) {
            const event = { kind, name: idOf(entry.value.meta) };
            const sides = [
              { before: undefined, after: entry },
              { before: entry, after: entry },
              { before: entry, after: undefined },
            ];
            for (const side of sides) {
              const ask = () => [...(controller?.keysFor({ ...event, ...side } as never) ?? [])];
              const keys = ask();
              for (const key of keys) strictEqual(typeof key, 'string');
              deepStrictEqual(ask(), keys);
            }
          }
        }
      });
    },
  },
  {
    name: 'reconciling a finished object changes nothing',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await work(subject, context, trial);
        // Once more from the start if something else has changed it, such as the end of a time that it monitors.
        await context.until(async () => {
          const before = await revisions(trial);
          for (let round = 0; round < ROUNDS; round++) await reconcileAll(trial, keysOf(trial));
          return same(before, await revisions(trial));
        }, `${ROUNDS} rounds of all keys that change nothing`);
      });
    },
  },
  {
    name: 'a key for which nothing is stored is ignored',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await context.until(() => stands(trial), 'the cluster to be idle');
        const before = await revisions(trial);
        for (const key of ['kit-none', 'kit/none']) await reconcileAll(trial, [key]);
        ok(same(before, await revisions(trial)), 'something was written');
      });
    },
  },
  {
    name: 'a reconcile whose signal has fired settles',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await work(subject, context, trial);
        const stopped = AbortSignal.abort();
        for (const key of keysOf(trial)) {
          const run = trial.tap.controller?.reconcile(key, stopped);
          await context.within(Promise.allSettled([run]), `the reconcile of "${key}" to settle`);
        }
      });
    },
  },
  {
    name: 'a deleted object is gone, with everything the controller made for it',
    async run(subject, context) {
      await during(subject, context, new Tap(), async (trial) => {
        await work(subject, context, trial);
        const { kind, meta } = subject.inputs.at(-1) as AnyObject;
        const id = idOf(meta);
        await context.within(trial.api.delete(kind, id), 'the deletion');
        await context.until(() => isGone(trial, kind, id), `${kind} ${id} to be gone`);
        const { undone } = subject;
        if (undone !== undefined)
          await context.until(() => unless(undone(trial.api)), 'what it made to be gone');
      });
    },
  },
];

async function isGone({ api }: Trial, kind: Kind, id: string): Promise<boolean> {
  try {
    await api.get(kind, id);
    return false;
  } catch (error) {
    if (isGantryError(error, 'NOT_FOUND')) return true;
    throw error;
  }
}

async function reconcileAll({ tap }: Trial, keys: readonly string[]): Promise<void> {
  for (const key of keys) await tap.controller?.reconcile(key, new AbortController().signal);
}

/** Keys that other components write while nothing changes. */
const RESTLESS = /^(nodes|events|cluster|leader|tokens)(\/|$)/;

/** The revision of each object that only controllers and users change. */
async function revisions({ cluster }: Trial): Promise<ReadonlyMap<string, number>> {
  const { entries } = await cluster.get(contracts.store).list('');
  return new Map(
    entries.filter(({ key }) => !RESTLESS.test(key)).map(({ key, revision }) => [key, revision]),
  );
}

async function stands(trial: Trial): Promise<boolean> {
  const before = await revisions(trial);
  await reconcileAll(trial, keysOf(trial));
  return same(before, await revisions(trial));
}

function same(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, revision]) => b.get(key) === revision);
}
