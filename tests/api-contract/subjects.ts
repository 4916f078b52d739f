import { apiEndpoint, apiServer, newSecret } from '@gantry/api';
import { connect } from '@gantry/client/node';
import type { Plugin } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { type Cluster, createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import type { ClusterApiSubject, Fixture } from '@gantry/testing';

type Behaviour = Pick<ClusterApiSubject, 'workloads' | 'commands'>;

/** How tasks of the fake runtime behave as the kit wants them. */
export const fakeBehaviour: Behaviour = {
  workloads: {
    runs: { image: 'kit:1' },
    prints: (lines) => ({ image: 'kit:1', labels: { 'fake/print': lines.join('\n') } }),
    ends: { image: 'kit:1', labels: { 'fake/exit-after-ms': '1' } },
  },
  commands: {
    says: (text) => ['echo', text],
    exits: (code) => ['exit', String(code)],
    copies: ['cat'],
    execAs: { user: '12345', printsUser: ['whoami'], workingDir: '/proc', printsDirectory: ['pwd'] },
  },
};

const ECHO =
  "require('net').createServer({ allowHalfOpen: true }, (s) => s.pipe(s)).listen(process.env.PORT)";

/** The same with real processes. */
export const processBehaviour: Behaviour = {
  workloads: {
    runs: { command: ['sleep', '1000'] },
    prints: (lines) => ({
      command: ['sh', '-c', `${lines.map((line) => `echo '${line}'`).join('; ')}; exec sleep 1000`],
    }),
    ends: { command: ['true'] },
    echoes: () => ({
      command: [process.execPath, '-e', ECHO],
      ports: [{ target: 80 }],
      healthChecks: { readiness: { tcp: { port: 80 }, intervalMs: 20 } },
    }),
  },
  commands: {
    says: (text) => ['echo', text],
    exits: (code) => ['sh', '-c', `exit ${code}`],
    copies: ['cat'],
    ...(process.getuid?.() === 0 && {
      execAs: { user: '12345', printsUser: ['id', '-u'], workingDir: '/proc', printsDirectory: ['pwd'] },
    }),
  },
};

/** A cluster of two nodes whose tasks run nowhere. */
export function fakeNodes(): Promise<Cluster> {
  return createCluster(fakeCluster({ logLevel: 'silent' }), { nodes: 2 });
}

/** The cluster's own API, or another one in its place. */
export async function fakeFixture(
  replace: (api: ClusterApi) => ClusterApi = (api) => api,
): Promise<Fixture<ClusterApiSubject>> {
  const cluster = await fakeNodes();
  return {
    subject: { api: replace(cluster.api), ...fakeBehaviour },
    close: async () => cluster[Symbol.asyncDispose](),
  };
}

/** A cluster of these plugins, seen through HTTP. */
export async function overHttp(
  plugins: readonly Plugin[],
  behaviour: Behaviour,
  name = 'gantry',
): Promise<Fixture<ClusterApiSubject>> {
  const adminToken = newSecret();
  const cluster = await createCluster([...plugins, apiServer({ adminToken })], { name, nodes: 2 });
  const api = connect({ url: cluster.get(apiEndpoint).url, token: adminToken });
  return {
    subject: { api, ...behaviour },
    close: async () => {
      await api[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
