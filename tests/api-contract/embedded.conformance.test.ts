import { clusterApiKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { fakeFixture } from './subjects.ts';

conformance(clusterApiKit, 'the embedded cluster', () => fakeFixture(), { patienceMs: 10_000 });
