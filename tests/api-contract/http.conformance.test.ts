import { fakeCluster } from '@gantry/presets/fake';
import { clusterApiKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { fakeBehaviour, overHttp } from './subjects.ts';

const plugins = () => fakeCluster({ logLevel: 'silent' });

conformance(clusterApiKit, 'the client over HTTP', () => overHttp(plugins(), fakeBehaviour), {
  patienceMs: 10_000,
});
