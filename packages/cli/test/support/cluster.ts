import type { Cluster } from '@gantry/host';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { Terminal } from './terminal.ts';

export interface Bench extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly terminal: Terminal;
  readonly run: Terminal['run'];
}

/** An embedded cluster that runs nothing, and a terminal that talks to it. */
export async function openBench(nodes = 2): Promise<Bench> {
  const cluster = await createCluster(fakeCluster({ logLevel: 'silent' }), { nodes });
  const terminal = await Terminal.open({ api: cluster.api });
  return {
    cluster,
    terminal,
    run: (...parameters) => terminal.run(...parameters),
    [Symbol.asyncDispose]: async () => {
      await terminal[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** A service as a file has it. */
export function serviceYaml(name: string, more = ''): string {
  return `kind: service
meta: { name: ${name}, labels: { app: ${name} } }
spec:
  replicas: 2
  template: { image: "registry/${name}:1", env: { MODE: one }${more} }
  update: { monitorMs: 20 }
`;
}
