import { setTimeout as wait } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** Real time that passes. */
export async function sleep(ms: number): Promise<void> {
  await wait(ms);
}

/** Resolves once the check holds. */
export async function until(
  check: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
    await wait(5);
  }
}
