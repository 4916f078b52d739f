import type { Plugin, Scheduler } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import type { Fixture, Kit, KitOptions } from './kit.ts';
import { runCase } from './run-kit.ts';
import { checkKit, type Wreck } from './sabotage.ts';
import { schedulerKit } from './scheduler/scheduler-kit.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a case does not apply to the subject: it declares in `supports` that it does not promise this. */
    notApplicable?: string;
  }
}

/** Runs a kit as vitest tests, one per case. */
export function conformance<Subject>(
  kit: Kit<Subject>,
  name: string,
  make: () => Promise<Fixture<Subject>> | Fixture<Subject>,
  options: KitOptions = {},
): void {
  describe(`${name} keeps the ${kit.contract} contract`, () => {
    for (const testCase of kit.cases) {
      test(testCase.name, async (context) => {
        const result = await runCase(testCase, make, options);
        if (result.outcome === 'failed') throw result.error;
        if (result.outcome !== 'skipped') return;
        context.task.meta.notApplicable = result.reason;
        context.skip(result.reason);
      });
    }
  });
}

/** Tests a kit itself on a control and on wrecks. */
export function sabotage<Subject>(
  kit: Kit<Subject>,
  control: () => Promise<Fixture<Subject>> | Fixture<Subject>,
  wrecks: readonly Wreck<Subject>[],
  options?: KitOptions,
): void {
  describe(`the ${kit.contract} kit`, () => {
    test('passes an unbroken control', async () => {
      expect(await checkKit(kit, control, [], options)).toEqual([]);
    });
    for (const wreck of wrecks) {
      test(`catches one that ${wreck.name}`, async () => {
        const noCases = { ...kit, cases: kit.cases.filter((testCase) => testCase.name === wreck.caughtBy) };
        expect(await checkKit(noCases, control, [wreck], options)).toEqual([]);
      });
    }
  });
}

/** Runs the scheduler kit on a plugin's scheduler: `schedulerConformance(() => zoneSpreadScheduler({}))`. */
export function schedulerConformance(make: () => Plugin, options: KitOptions = {}): void {
  conformance(schedulerKit, make().name, () => ({ subject: make().create({}) as Scheduler }), options);
}
