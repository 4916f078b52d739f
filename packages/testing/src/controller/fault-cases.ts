import { ok } from 'node:assert/strict';
import { contracts, GantryError, isGantryError, type Store } from '@gantry/core';
import type { Change } from '@gantry/core/contracts';
import type { AnyObject } from '@gantry/core/model';
import type { CaseContext } from '../kit.ts';
import type { ControllerCase, ControllerSubject } from './subject.ts';
import { Tap } from './tap.ts';
import { during, finish, Kept, work } from './trial.ts';

/**
 * Maximum number of writes tested: a controller that writes more often in one run is tested on its first writes only.
 */
const MAX_WRITES = 12;

/** Runs a trial with the first write, the second, and so on, until there is no such write. */
async function withEachWrite(trial: (nth: number) => Promise<boolean>): Promise<void> {
  for (let nth = 1; nth <= MAX_WRITES; nth++) {
    const struck = await trial(nth);
    if (!struck) {
      ok(nth > 1, 'it has written nothing');
      return;
    }
  }
}

async function workDespite(
  subject: ControllerSubject,
  context: CaseContext,
  fate: 'refused' | 'lost',
): Promise<void> {
  await withEachWrite(async (nth) => {
    const tap = new Tap((write) => (write === nth ? fate : 'done'));
    await during(subject, context, tap, (trial) => work(subject, context, trial));
    return tap.struck;
  });
}

/** The behaviour of a controller when something goes wrong. */
export const faultCases: readonly ControllerCase[] = [
  {
    name: 'the controller completes its work if any one of its writes is rejected',
    run: (subject, context) => workDespite(subject, context, 'refused'),
  },
  {
    name: 'the controller completes its work if the answer to any one of its writes is lost',
    run: (subject, context) => workDespite(subject, context, 'lost'),
  },
  {
    name: 'a controller that is stopped at one of its writes leaves nothing that its successor cannot finish',
    async run(subject, context) {
      await withEachWrite(async (nth) => {
        await using kept = new Kept(subject);
        const first = new Tap((write) => (write >= nth ? 'cut' : 'done'));
        await during(
          subject,
          context,
          first,
          async ({ api }) => {
            await context.within(api.applyAll(subject.inputs), 'the inputs to be applied');
            await context.until(
              async () => first.struck || (await subject.done(api).catch(notYet)),
              `write ${nth} of the controller, or the end of its work`,
            );
          },
          kept.plugins(),
        );
        const second = ({ api }: { api: Parameters<typeof finish>[2] }) => finish(subject, context, api);
        await during(subject, context, new Tap(), second, kept.plugins());
        return first.struck;
      });
    },
  },
  {
    name: 'the controller completes its work if others change objects that it is about to write',
    async run(subject, context) {
      await withEachWrite(async (nth) => {
        let others: Store | undefined;
        let touched = false;
        const tap: Tap = new Tap(undefined, async (changes) => {
          if (tap.writes !== nth || others === undefined) return;
          touched = true;
          await touch(others, changes);
        });
        await during(subject, context, tap, async (trial) => {
          others = trial.cluster.get(contracts.store);
          await work(subject, context, trial);
        });
        // A controller that only uses the writer never sees a conflict: the writer has handled it.
        return touched || tap.writes >= nth;
      });
    },
  },
];

const notYet = (error: unknown): boolean => {
  if (isGantryError(error, 'NOT_FOUND')) return false;
  throw error;
};

/** Gives every object of a commit a different label before it is written. */
async function touch(store: Store, changes: readonly Change[]): Promise<void> {
  for (const { key } of changes) {
    const entry = await store.get(key);
    const object = entry?.value as AnyObject | undefined;
    if (entry === undefined || object?.meta === undefined) continue;
    const labels = { ...object.meta.labels, kit: 'was-here' };
    const value = { ...object, meta: { ...object.meta, labels } };
    const [outcome] = await store.commit([{ key, value, expect: entry.revision }]);
    if (outcome?.ok !== true) throw new GantryError('CONFLICT', `the kit could not touch "${key}"`);
  }
}
