import { createCluster } from '@gantry/host';
import { processCluster } from '@gantry/presets/process';
import { type ClusterApiSubject, clusterApiKit, type Fixture } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { overHttp, processBehaviour } from './subjects.ts';

conformance(
  clusterApiKit,
  'the embedded cluster with real processes',
  async (): Promise<Fixture<ClusterApiSubject>> => {
    const cluster = await createCluster(processCluster({ logLevel: 'silent' }), {
      name: 'api-kit',
      nodes: 2,
    });
    return {
      subject: { api: cluster.api, ...processBehaviour },
      close: async () => cluster[Symbol.asyncDispose](),
    };
  },
  { patienceMs: 20_000 },
);

conformance(
  clusterApiKit,
  'the client over HTTP with real processes',
  () => overHttp(processCluster({ logLevel: 'silent' }), processBehaviour, 'api-kit-http'),
  { patienceMs: 20_000 },
);
