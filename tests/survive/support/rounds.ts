import { expect } from 'vitest';
import type { Held, UpProgram } from './up-program.ts';
import { leaked, survivors } from './workload.ts';
import type { Writer } from './writer.ts';

/** More of them make a longer proof. */
export const ROUNDS = Number(process.env.GANTRY_SURVIVE_ROUNDS ?? 2);
/** Ends a round that hangs. */
export const ROUND_MS = 60_000;
/** Connections of the test itself, which come and go; what leaks in each round exceeds this soon. */
const SLACK = 12;
const SERVICES = ['front', 'back', 'ticks', 'victim'];

/**
 * Puts a cluster through rounds of something bad, and after each one checks that it has recovered: every acknowledged
 * write is there, the tasks are the same processes, and nothing has piled up.
 *
 * @param bad does it and undoes it; returns whether the program was started again
 */
export async function round(
  title: string,
  up: UpProgram,
  writer: Writer,
  bad: (index: number, note: (what: string) => void) => Promise<boolean>,
  rounds = ROUNDS,
): Promise<void> {
  const { client } = up;
  const before = await survivors(client);
  expect(before.length).toBeGreaterThanOrEqual(4);
  let held: Held | undefined;
  let most: Held = { files: 0, resources: 0, rss: 0 };
  for (let index = 0; index < rounds; index++) {
    const began = performance.now();
    const note = (what: string): void => {
      if (process.env.GANTRY_SURVIVE_TIMES) console.log(index, what, Math.round(performance.now() - began));
    };
    const restarted = await bad(index, note);
    note('bad');
    for (const name of SERVICES) await client.wait('service', name, 'Available', { timeoutMs: ROUND_MS });
    note('available');
    const writes = writer.writes;
    await expect.poll(() => writer.writes, { timeout: ROUND_MS }).toBeGreaterThan(writes + 10);
    note('written');
    expect(await writer.lost(), `round ${index}: lost writes`).toEqual([]);
    expect(await survivors(client), `round ${index}: the tasks`).toEqual(before);
    await expect.poll(() => leaked(client, up.records), { timeout: ROUND_MS }).toEqual([]);
    note('no leaks');
    if (restarted || held === undefined) held = await up.held();
    const { files, resources } = held;
    const more = async (): Promise<readonly string[]> => {
      const now = await up.held();
      most = {
        files: Math.max(most.files, now.files),
        resources: Math.max(most.resources, now.resources),
        rss: Math.max(most.rss, now.rss),
      };
      const found: string[] = [];
      if (now.files > files + SLACK) found.push(`${now.files} open files, ${files} before`);
      if (now.resources > resources + SLACK)
        found.push(`${now.resources} handles and timers, ${resources} before`);
      return found;
    };
    await expect.poll(more, { timeout: ROUND_MS }).toEqual([]);
  }
  console.log(
    JSON.stringify({
      test: title,
      rounds,
      acknowledged: writer.writes,
      rejected: writer.failures('EXHAUSTED'),
      unavailable: writer.failures('UNAVAILABLE') + writer.failures('TIMEOUT'),
      lost: 0,
      stopped: 0,
      filesAndHandles: [held?.files, held?.resources],
      most,
    }),
  );
}
