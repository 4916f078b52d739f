import { processCluster } from '@gantry/presets/process';
import { clusterApiKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { processBehaviour } from '../api-contract/subjects.ts';
import { serve } from './support/served.ts';

conformance(
  clusterApiKit,
  'a cluster of real processes over HTTP',
  async () => {
    const served = await serve({}, { plugins: processCluster({ logLevel: 'silent' }) });
    return {
      subject: { api: served.client, ...processBehaviour },
      close: async () => served[Symbol.asyncDispose](),
    };
  },
  { patienceMs: 20_000 },
);
