import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROWS } from '../rows/index.ts';
import type { Bed } from './bed.ts';
import { committedColumns, fixedColumns, type Line } from './document.ts';
import { lanes } from './lanes.ts';
import { type Expected, expectedOf, type Row, type RuntimeName, WHEN, type When } from './row.ts';
import { type Outcome, replicasOf, serviceName, tryRow } from './trial.ts';

export interface FailureTestsOptions {
  readonly runtime: RuntimeName;
  /** Heading of its table in the document. */
  readonly title: string;
  /** Opens a cluster with this number of nodes. */
  open(nodes: number): Promise<Bed>;
  /** Rows that are tried at the same time, those that only wait for the deadline aside. */
  readonly atOnce: number;
  /** Whether each row has a cluster to itself. */
  readonly apart: boolean;
  readonly timeoutMs: number;
  /** Replicas of services that fail, where each attempt is expensive. Default 2. */
  readonly replicas?: number;
}

const NODES = 3;

interface Trial {
  readonly row: Row;
  readonly when: When;
  readonly expected: Expected;
}

/** One test for each row that a runtime has, first deployed and then as an update, and one for their table in the docs. */
export function failureTests({
  runtime,
  title,
  open,
  atOnce,
  apart,
  timeoutMs,
  replicas = 2,
}: FailureTestsOptions): void {
  const trials = WHEN.flatMap((when) =>
    ROWS.flatMap((row): Trial[] => {
      const expected = expectedOf(row, runtime, when);
      return expected === undefined ? [] : [{ row, when, expected }];
    }),
  );
  const outcomes = new Map<Trial, Promise<Outcome>>();
  const lines: Line[] = [];
  let shared: Bed | undefined;

  const attempt = async ({ row, when }: Trial): Promise<Outcome> => {
    if (!apart && row.alone === undefined) {
      const bed = shared as Bed;
      try {
        return await tryRow(bed, row, when, replicas);
      } finally {
        // What keeps failing would keep the machine busy.
        await bed.api.delete('service', serviceName(row, when)).catch(() => undefined);
      }
    }
    await using own = await open(row.alone ?? NODES);
    return await tryRow(own, row, when, replicas);
  };

  beforeAll(async () => {
    if (!apart) shared = await open(NODES);
    const busy = lanes(atOnce);
    // Rows that end at the deadline do nothing but wait: all of them beside the others.
    const idle = lanes(apart ? atOnce : trials.length);
    for (const trial of trials) {
      const outcome = (trial.row.overdue === true ? idle : busy)(() => attempt(trial));
      outcome.catch(() => undefined); // the test of the row reports it
      outcomes.set(trial, outcome);
    }
  }, timeoutMs);

  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    await shared?.[Symbol.asyncDispose]();
  }, timeoutMs);

  for (const when of WHEN) {
    describe(when === 'deploy' ? 'a first deployment' : 'an update', () => {
      for (const trial of trials.filter((each) => each.when === when)) {
        const { row, expected } = trial;
        test(
          row.name,
          async () => {
            const outcome = await (outcomes.get(trial) as Promise<Outcome>);
            const { exit, reason, task, serving, printed, events, hides } = outcome;
            const { old = 0, new: fresh = 0 } = expected.serving;
            expect({ exit, reason, task, serving }, printed).toEqual({
              exit: expected.exit,
              reason: expected.reason,
              task: expected.task,
              serving: { old: Math.min(old, replicasOf(row, runtime, when, replicas)), new: fresh },
            });
            expect(printed).toMatch(expected.message);
            if (expected.event !== undefined) expect(events).toContain(expected.event);
            expect(hides, 'commands that do not show why').toEqual([]);
            lines.push({ row: row.name, when, outcome, event: expected.event });
          },
          timeoutMs,
        );
      }
    });
  }

  test('the table in docs/guide/failures.md is up to date (GANTRY_UPDATE_DOCS=1 brings it up to date)', async () => {
    expect(await committedColumns(title, lines)).toEqual(fixedColumns(lines));
  });
}
