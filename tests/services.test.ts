import { expect, it } from 'vitest';
import { onPath, probeServices } from './support/service-probes.ts';

it('every service is available or missing for a stated reason', async () => {
  for (const missing of Object.values(await probeServices())) {
    expect(missing === null || missing.length > 0).toBe(true);
  }
});

it('a program that does not exist is not on PATH', () => {
  expect(onPath('gantry-no-such-program')).toBeUndefined();
});
