import { storeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { afterAll } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Fixtures } from './support/fixtures.ts';

describeWith('nats', 'store-nats on one NATS server', () => {
  const fixtures = new Fixtures(1);
  afterAll(() => fixtures[Symbol.asyncDispose]());
  conformance(storeKit, 'store-nats', () => fixtures.make(), { patienceMs: 30_000 });
});
