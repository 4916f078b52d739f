import { fileURLToPath } from 'node:url';
import type { ServiceInput } from '@gantry/core';
import { SeededRandom } from '@gantry/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Load } from '../../bench/src/web.ts';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { type NatsServer, startNats } from '../support/nats-server.ts';
import { freePorts } from '../support/ports.ts';
import { describeWith } from '../support/services.ts';
import { HaCluster } from './support/ha-cluster.ts';
import { History, slotsWithTwo, writesOutOfTerm } from './support/history.ts';
import type { PartProcess } from './support/part-process.ts';

/** More of them make a longer proof. */
const ROUNDS = Number(process.env.GANTRY_HA_ROUNDS ?? 2);
const LEASE_MS = 3000;
const ROUND_MS = 60_000;

const web = fileURLToPath(new URL('../../examples/hello/web', import.meta.url));

function service(port: number, version: number, replicas: number): ServiceInput {
  return {
    kind: 'service',
    meta: { name: 'web' },
    spec: {
      replicas,
      update: { parallelism: 2, order: 'start-first', monitorMs: 10_000 },
      template: {
        command: [process.execPath, 'server.mjs'],
        workingDir: web,
        env: { VERSION: `v${version}` },
        ports: [{ target: 8080, published: port, appProtocol: 'http' }],
        healthChecks: { readiness: { http: { port: 8080, path: '/' }, intervalMs: 200 } },
      },
    },
  };
}

describeWith(['etcd', 'nats'], 'three servers over etcd and NATS', () => {
  let etcd: EtcdServer;
  let nats: NatsServer;
  let ha: HaCluster;
  let port = 0;

  beforeAll(async () => {
    [etcd, nats] = await Promise.all([startEtcd(), startNats()]);
    [port] = (await freePorts(1)) as [number];
    ha = await HaCluster.start({
      nats: [nats.url],
      store: { kind: 'etcd', endpoints: etcd.urls },
      servers: 3,
      agents: 3,
      leaseMs: LEASE_MS,
    });
  }, 120_000);

  afterAll(async () => {
    await ha?.[Symbol.asyncDispose]();
    await Promise.all([etcd, nats].map((each) => each?.[Symbol.asyncDispose]()));
  });

  const updated = async (version: number, replicas: number): Promise<void> => {
    let seen = '';
    const look = async (): Promise<boolean> => {
      const { items } = await ha.api().list('task', { fields: 'spec.service=web' });
      const { status, spec } = await ha.api().get('service', 'web');
      const tasks = items.map(
        ({ meta, spec, status }) =>
          `${meta.name} ${spec.node} ${spec.desired} ${status.state} ${status.message ?? ''}`,
      );
      seen = [JSON.stringify(status), ...tasks].join('\n');
      const right = spec.template.env?.VERSION === `v${version}` && spec.replicas === replicas;
      const running = items.filter((task) => task.status.state === 'running');
      return right && status.updated === replicas && status.ready === replicas && running.length === replicas;
    };
    await ha.until(look, `version ${version} with ${replicas} replicas`, ROUND_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${seen}`, { cause: error });
    });
  };

  test(`a leader that is killed in the middle of its work is replaced within one and a half leases, ${ROUNDS} times: no request fails, no slot has two tasks, nothing is written out of term`, {
    timeout: 60_000 + ROUNDS * ROUND_MS,
  }, async () => {
    const random = new SeededRandom(20_26);
    let [version, replicas] = [1, 4];
    await ha.api().apply(service(port, version, replicas));
    await updated(version, replicas);
    const history = new History(ha.store, (await ha.store.list('leader/')).revision);
    const load = new Load(port, 4, 5, '127.0.0.11');
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
      const before = await ha.term();
      version++;
      replicas = 3 + Math.floor(random.next() * 4);
      const other = ha.servers.find((each) => each !== leader) as PartProcess;
      await ha.api(other).apply(service(port, version, replicas));
      await new Promise((resolve) => setTimeout(resolve, random.next() * 600)); // anywhere in its work
      const killedAt = performance.now();
      await leader.end();
      await ha.until(
        async () => (await ha.journal()).some(({ fence }) => fence > before.revision),
        'the next leader to act',
      );
      took.push(Math.round(performance.now() - killedAt));
      leader.start();
      await Promise.all([leader.ready(), updated(version, replicas)]);
    }
    await load.stop();
    const events = await history.end();
    console.log(
      JSON.stringify({
        test: 'failover',
        rounds: ROUNDS,
        leaseMs: LEASE_MS,
        tookMs: took,
        requests: load.ok,
        failed: load.failures.length,
        writes: events.length,
      }),
    );
    expect(load.failures).toEqual([]);
    expect(Math.max(...took)).toBeLessThanOrEqual(1.5 * LEASE_MS);
    expect(slotsWithTwo(events)).toEqual([]);
    expect(writesOutOfTerm(events, await ha.journal())).toEqual([]);
    expect((await ha.journal()).length).toBeGreaterThan(ROUNDS);
  });

  test('a leader that was halted and wakes up writes nothing more, and follows the new one', {
    timeout: 2 * ROUND_MS,
  }, async () => {
    const history = new History(ha.store, (await ha.store.list('leader/')).revision);
    await ha.api().apply(service(port, 100, 6));
    const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
    const { number } = await ha.term();
    leader.signal('SIGSTOP');
    const halted = ha.servers.filter((each) => each !== leader);
    await ha.until(async () => (await ha.term()).number > number, 'the next term');
    await ha.api(halted[0]).apply(service(port, 101, 4));
    leader.signal('SIGCONT');
    await updated(101, 4);
    await ha.until(async () => (await ha.api(leader).get('service', 'web')).status.ready === 4, 'its answer');
    expect(await ha.leader()).not.toBe(leader);
    expect(writesOutOfTerm(await history.end(), await ha.journal())).toEqual([]);
  });

  test('a leader that ends in good order hands over at once', { timeout: ROUND_MS }, async () => {
    const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
    const { number } = await ha.term();
    await leader.end('SIGTERM');
    const from = performance.now();
    await ha.until(async () => (await ha.term()).number > number, 'the next term');
    expect(performance.now() - from).toBeLessThan(LEASE_MS);
    leader.start();
    await leader.ready();
  });
});
