/** Every way to fail that the fake runtime can stage, in virtual time. */
import { beforeAll } from 'vitest';
import { ROWS } from './rows/index.ts';
import { failureTests } from './support/failure-tests.ts';
import { fakeBed } from './support/fake-bed.ts';
import type { Row } from './support/row.ts';
import { tryRow } from './support/trial.ts';

beforeAll(async () => {
  // Loads what the commands need: virtual time passes while a module is read.
  await using bed = await fakeBed(3);
  await tryRow(bed, ROWS[0] as Row, 'deploy');
}, 60_000);

failureTests({
  runtime: 'fake',
  title: 'Simulated',
  open: fakeBed,
  atOnce: 4,
  apart: true,
  timeoutMs: 60_000,
});
