import { describe, expect, test } from 'vitest';
import { ROWS } from './rows/index.ts';
import { fakeBed } from './support/fake-bed.ts';
import { tryRow } from './support/trial.ts';

for (const when of ['deploy', 'update'] as const) {
  describe(when, () => {
    for (const row of ROWS.filter(({ on }) => on.fake)) {
      if (row[when] === undefined) continue;
      test(row.name, async () => {
        await using bed = await fakeBed();
        const o = await tryRow(bed, row, when);
        console.log(`${when} ${row.name}: ${o.exit} ${o.tookMs} ${o.reason} ${o.task} [${o.events}] ${JSON.stringify(o.serving)}\n${o.printed}`);
        const e = row[when]!;
        expect({ exit: o.exit, reason: o.reason, task: o.task, serving: o.serving }).toEqual({ exit: e.exit, reason: e.reason, task: e.task, serving: { old: 0, new: 0, ...e.serving } });
        expect(o.printed).toMatch(e.message);
        if (e.event) expect(o.events).toContain(e.event);
      });
    }
  });
}
