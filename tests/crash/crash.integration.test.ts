/**
 * What was acknowledged is there after `kill -9` of the engine. LMDB, whose engine is the process itself, has its own
 * test of this in plugins/store-lmdb/test. GANTRY_CRASH_ROUNDS and GANTRY_CRASH_SEED make it longer, and repeat it.
 */
import type { Plugin } from '@gantry/core';
import { etcdStore } from '@gantry/store-etcd';
import { expect, test } from 'vitest';
import { losesReplicated } from '../../plugins/store-nats/src/open-bucket.ts';
import type { Daemon } from '../support/daemon.ts';
import { startEtcd } from '../support/etcd-server.ts';
import { startNats, startNatsCluster } from '../support/nats-server.ts';
import { newestNats } from '../support/newest-nats.ts';
import { describeWith } from '../support/services.ts';
import { crashRun } from './support/crash-run.ts';

const ROUNDS = Number(process.env.GANTRY_CRASH_ROUNDS ?? 3);
const SEED = Number(process.env.GANTRY_CRASH_SEED ?? 1);
const ROUND_MS = 60_000;

const law = `loses no write it has acknowledged, does none twice, and tells them all in order, over ${ROUNDS} rounds`;
const options = { timeout: Math.max(60_000, ROUNDS * ROUND_MS) };

async function check(engine: string, store: () => Plugin, daemons: readonly Daemon[]): Promise<void> {
  const { wrong, ...figures } = await crashRun({ engine, store, daemons, rounds: ROUNDS, seed: SEED });
  console.log(JSON.stringify(figures));
  expect(wrong, `seed ${SEED}`).toEqual([]);
  expect(figures.acknowledged).toBeGreaterThan(0);
}

describeWith('etcd', 'etcd of one member, killed under load', () => {
  test(law, options, async () => {
    await using server = await startEtcd();
    await check('etcd', () => etcdStore({ endpoints: [...server.urls] }), server.daemons);
  });
});

describeWith('nats', 'NATS, killed under load', () => {
  test(`one server ${law}`, options, async () => {
    const { natsStore } = await import('@gantry/store-nats');
    await using server = await startNats();
    const store = (): Plugin => natsStore({ servers: [server.url], bucket: 'crash', replicas: 1 });
    await check('nats', store, [server.daemon]);
  });

  // Servers before 2.9.21 do lose writes of replicated buckets: see the README of store-nats.
  const { program, version } = newestNats();
  const name = `one of three servers (2.9.21 or later; this is ${version}) ${law}`;
  test.skipIf(losesReplicated(version))(name, options, async () => {
    const { natsStore } = await import('@gantry/store-nats');
    await using servers = await startNatsCluster(program);
    const store = (): Plugin => natsStore({ servers: [...servers.urls], bucket: 'crash', replicas: 3 });
    await check('nats-3', store, servers.daemons);
  });
});
