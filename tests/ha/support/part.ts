/** A process of a cluster: a server or an agent. Says on standard output, as JSON lines, that it is ready. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiEndpoint, apiServer } from '@gantry/api';
import { natsBus } from '@gantry/bus-nats';
import { contracts, definePlugin, type Plugin, type Store } from '@gantry/core';
import { createCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import type { Noted, PartConfig } from './part-config.ts';
import { storeOf } from './store-of.ts';

process.stdin.on('end', () => process.exit(1)).resume();

const config = JSON.parse(process.argv[2] ?? '') as PartConfig;
const bus = natsBus({ servers: [...config.nats] });
const logLevel = (process.env.GANTRY_HA_LOG ?? 'warn') as 'warn';

const cluster =
  config.role === 'server'
    ? await createCluster(
        [
          ...server({
            store:
              config.journal === undefined
                ? storeOf(config.store)
                : noting(storeOf(config.store), config.journal),
            bus,
            identity: config.identity,
            leaseMs: config.leaseMs,
            logLevel,
          }),
          apiServer({ adminToken: config.token }),
        ],
        { name: config.cluster, nodes: 0 },
      )
    : await createCluster(await nodeSet(config), {
        name: config.cluster,
        nodes: [{ name: config.node }],
        startTimeoutMs: 600_000,
      });
const url = config.role === 'server' ? cluster.get(apiEndpoint).url : '';
process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
process.on('SIGTERM', () => void cluster[Symbol.asyncDispose]().then(() => process.exit(0)));

async function nodeSet({
  runtime,
  dir,
  address,
}: Extract<PartConfig, { role: 'agent' }>): Promise<readonly Plugin[]> {
  switch (runtime) {
    case 'process':
      return (await import('@gantry/presets/process')).processNode({
        bus,
        logLevel,
        address,
        frontendsFile: join(dir, 'frontends.json'),
        runtime: { dir },
      });
    case 'docker':
      return (await import('@gantry/presets/docker')).dockerNode({ bus, logLevel, address });
    case 'fake':
      return (await import('@gantry/presets/fake')).fakeNode({ bus, logLevel });
  }
}

/** A store that records writes under a fence as soon as they are acknowledged. */
function noting(plugin: Plugin, journal: string): Plugin {
  return definePlugin({
    name: plugin.name,
    provides: contracts.store,
    needs: plugin.needs as { clock: typeof contracts.clock },
    create: (_options, needs) => {
      const store = plugin.create(needs) as Store &
        AsyncDisposable & { start(signal: AbortSignal): Promise<void> };
      const commit = store.commit.bind(store);
      store.commit = async (changes, options) => {
        const outcomes = await commit(changes, options);
        const writes = outcomes.flatMap((outcome, index) =>
          outcome.ok ? [[changes[index]?.key ?? '', outcome.revision] as const] : [],
        );
        if (options?.fence !== undefined) {
          const noted: Noted = { fence: options.fence.revision, writes };
          appendFileSync(journal, `${JSON.stringify(noted)}\n`);
        }
        return outcomes;
      };
      return store;
    },
  })();
}
