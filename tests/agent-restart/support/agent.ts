/** The agent of a node, as `gantry agent` composes it. Says on standard output that it is ready. */

import { natsBus } from '@gantry/bus-nats';
import { createCluster } from '@gantry/host';
import type { AgentConfig } from './agent-process.ts';

const { cluster: name, node, nats, runtime, dir, address } = JSON.parse(process.argv[2] ?? '') as AgentConfig;
const bus = natsBus({ servers: [nats] });
const plugins =
  runtime === 'docker'
    ? (await import('@gantry/presets/docker')).dockerNode({ bus, address })
    : (await import('@gantry/presets/process')).processNode({ bus, address, runtime: { dir } });
const cluster = await createCluster(plugins, { name, nodes: [{ name: node }], startTimeoutMs: 600_000 });
process.on('SIGTERM', () => void cluster[Symbol.asyncDispose]().then(() => process.exit(0)));
process.stdout.write('ready\n');
