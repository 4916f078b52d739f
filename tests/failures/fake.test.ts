import { beforeAll, describe, expect, test } from 'vitest';
import { ROWS } from './rows/index.ts';
import { fakeBed } from './support/fake-bed.ts';
import { expectedOf, WHEN } from './support/row.ts';
import { tryRow } from './support/trial.ts';

for (const when of WHEN) {
  describe(when, () => {
    for (const row of ROWS) {
      const expected = expectedOf(row, 'fake', when);
      if (expected === undefined) continue;
      test(row.name, async () => {
        await using bed = await fakeBed(row.alone);
        const o = await tryRow(bed, row, when);
        console.log(
          `${when} ${row.name}: ${o.exit} ${o.tookMs} ${o.reason} ${o.task} [${o.events}] ${JSON.stringify(o.serving)}\n${o.printed}`,
        );
        const e = expected;
        expect({ exit: o.exit, reason: o.reason, task: o.task, serving: o.serving }).toEqual({
          exit: e.exit,
          reason: e.reason,
          task: e.task,
          serving: { old: 0, new: 0, ...e.serving },
        });
        expect(o.printed).toMatch(e.message);
        if (e.event) expect(o.events).toContain(e.event);
      });
    }
  });
}

beforeAll(async () => {
  // Loads what commands need, so that virtual time does not pass meanwhile.
  await using bed = await fakeBed();
  const [row] = ROWS;
  if (row !== undefined) await tryRow(bed, row, 'deploy');
});
