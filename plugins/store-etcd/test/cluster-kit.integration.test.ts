import { storeKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { afterAll } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Fixtures } from './support/fixtures.ts';

describeWith('etcd', 'store-etcd on an etcd of three members', () => {
  const fixtures = new Fixtures(3);
  afterAll(() => fixtures[Symbol.asyncDispose]());
  conformance(storeKit, 'store-etcd', () => fixtures.make(), { patienceMs: 30_000 });
});
