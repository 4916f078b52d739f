/**
 * Partitions between parts of a cluster. `GANTRY_HA_SCHEDULES`, `GANTRY_HA_CUT_MS` and `GANTRY_HA_SEED` make this
 * longer and repeat it, `GANTRY_HA_TELL` prints all events; a failure says how.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EtcdServer, startEtcd } from '../support/etcd-server.ts';
import { type NatsServer, startNats } from '../support/nats-server.ts';
import { freePorts } from '../support/ports.ts';
import { describeWith } from '../support/services.ts';
import { HaCluster } from './support/ha-cluster.ts';
import { History, slotsWithTwo, writesOutOfTerm } from './support/history.ts';
import {
  downTooSoon,
  endedUntold,
  endedWhileCut,
  nodesDown,
  stoppedWithoutReason,
} from './support/partition-laws.ts';
import { type Picture, takePicture, unlike, wantedOf } from './support/picture.ts';
import { taskProcesses } from './support/processes.ts';
import { describeSchedule, drawSchedule } from './support/schedule.ts';
import { ScheduleRun } from './support/schedule-run.ts';
import { Ways } from './support/ways.ts';
import { type Wanted, webService } from './support/web-service.ts';

const SCHEDULES = Number(process.env.GANTRY_HA_SCHEDULES ?? 2);
const LONGEST_MS = Number(process.env.GANTRY_HA_CUT_MS ?? 5000);
const SEED = Number(process.env.GANTRY_HA_SEED ?? 1);
/** Time within which a healed cluster must settle in the wanted state. */
const CONVERGE_MS = 180_000;
/** A node without a heartbeat is down after this time, even if the next heartbeat follows soon. */
const DOWN_AFTER_MS = 6500;
const [SERVERS, AGENTS] = [
  ['s1', 's2', 's3'],
  ['a1', 'a2', 'a3'],
];
const LEASE_MS = 3000;

describeWith(['etcd', 'nats'], 'three servers and three agents, each with its own ways', () => {
  let etcd: EtcdServer;
  let nats: NatsServer;
  let ways: Ways;
  let ha: HaCluster;
  let port = 0;

  beforeAll(async () => {
    [etcd, nats] = await Promise.all([startEtcd(), startNats()]);
    [port] = (await freePorts(1)) as [number];
    const store = Number(new URL(etcd.urls[0] as string).port);
    ways = await Ways.to({ nats: nats.port, store, servers: SERVERS, agents: AGENTS });
    ha = await HaCluster.start({
      nats: [nats.url],
      store: { kind: 'etcd', endpoints: etcd.urls },
      leaseMs: LEASE_MS,
      ways: (part) => ({
        nats: [`nats://127.0.0.1:${ways.port(part, 'nats')}`],
        ...(SERVERS.includes(part) && {
          store: { kind: 'etcd', endpoints: [`http://127.0.0.1:${ways.port(part, 'store')}`] },
        }),
      }),
    });
  }, 600_000);

  afterAll(async () => {
    await ha?.[Symbol.asyncDispose]();
    for (const each of [ways, etcd, nats]) await each?.[Symbol.asyncDispose]();
  });

  const picture = (): Promise<Picture> => takePicture(ha.store, () => taskProcesses(ha.folders));

  /**
   * Differences from the wanted state: in the stored objects and running processes, in the answers of each server, and
   * at each load balancer.
   */
  const differences = async (wanted: readonly Wanted[]): Promise<readonly string[]> => {
    const now = await picture();
    const found = unlike(now, wanted, AGENTS.length);
    if (found.length > 0 || now.service === undefined) return found;
    const { version, replicas } = wantedOf(now.service);
    const names = now.tasks.filter(({ status }) => status.state === 'running').map(({ meta }) => meta.name);
    const servers = ha.servers.map(async (server) => {
      const { items } = await ha.api(server).list('task', { fields: 'status.state=running' });
      const said = items.map(({ meta }) => meta.name).toSorted();
      return said.join() === names.toSorted().join() ? [] : [`${server.name} knows of ${replicas}: ${said}`];
    });
    const balancers = ha.agents.map(async ({ name, config }) => {
      const said = config.role === 'agent' ? await versionAt(config.address, port) : '';
      return said === version ? [] : [`the load balancer of ${name} answers ${said}`];
    });
    return (await Promise.all([...servers, ...balancers])).flat();
  };

  /** Waits until nothing is, and has not been for as long as what was cut may still have effects; returns the time it took. */
  const converged = async (
    wanted: readonly Wanted[],
    effectsMs = 0,
    note = (_: string): void => {},
  ): Promise<number> => {
    const from = performance.now();
    let found: readonly string[] = [];
    let restFrom = from;
    const look = async (): Promise<boolean> => {
      const last = found.at(-1);
      found = await differences(wanted);
      if (found.at(-1) !== last) note(found.at(-1) ?? 'it has settled');
      if (found.length > 0) restFrom = performance.now();
      return found.length === 0 && performance.now() - from >= effectsMs;
    };
    await ha.until(look, 'the cluster to settle', CONVERGE_MS).catch((error: unknown) => {
      throw new Error(`${found.join('\n')}\n${String(error)}`, { cause: error });
    });
    return Math.round(restFrom - from);
  };

  test(`${SCHEDULES} schedules of partitions: tasks run on while they last, and the last request is carried out afterwards`, {
    timeout: 60_000 + SCHEDULES * (3 * LONGEST_MS + CONVERGE_MS),
  }, async () => {
    let last: Wanted = { version: 's0', replicas: 4 };
    await ha.api().apply(webService(port, last));
    await converged([last]);
    const history = new History(ha.store, 0);
    const told: {
      seed: number;
      ms: number;
      convergedMs: number;
      answers: string[];
      down: number;
    }[] = [];
    for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
      const schedule = drawSchedule(seed, LONGEST_MS, last);
      const from = performance.now();
      const since = (await picture()).revision;
      const run = new ScheduleRun(ha, ways, port, last);
      const wrong: string[] = [];
      let convergedMs = -1;
      try {
        await run.play(schedule);
        const effectsMs = schedule.cuts.some(({ what }) => what.endsWith('-nats')) ? DOWN_AFTER_MS : 0;
        convergedMs = await converged(run.wanted, effectsMs, (text) => run.note(text));
      } catch (error) {
        wrong.push(String(error));
      }
      const now = await picture();
      await ha.until(async () => history.seen >= now.revision, 'the history');
      const events = history.events;
      const downs = nodesDown(events, since);
      wrong.push(
        ...run.isolations.flatMap((cut) => endedWhileCut(events, cut)),
        ...endedUntold(events, since),
        ...stoppedWithoutReason(events, since),
        ...downTooSoon(downs, schedule.cuts, AGENTS),
        ...slotsWithTwo(events),
        ...writesOutOfTerm(events, await ha.journal()),
      );
      if (wrong.length > 0) throw new Error(failure(describeSchedule(schedule), run, wrong, ha.told()));
      if (now.service !== undefined) last = wantedOf(now.service);
      const ms = Math.round(performance.now() - from);
      told.push({ seed, ms, convergedMs, answers: run.answers, down: downs.length });
      if (process.env.GANTRY_HA_TELL) console.log(describeSchedule(schedule), run.notes, told.at(-1));
    }
    await history.end();
    console.log(
      JSON.stringify({ test: 'partitions', leaseMs: LEASE_MS, longestMs: LONGEST_MS, schedules: told }),
    );
    expect(told).toHaveLength(SCHEDULES);
  });
});

function failure(
  schedule: string,
  { notes, wanted }: ScheduleRun,
  wrong: readonly string[],
  told: string,
): string {
  const seed = /\d+/.exec(schedule)?.[0];
  const again = `GANTRY_HA_SEED=${seed} GANTRY_HA_SCHEDULES=1 GANTRY_HA_CUT_MS=${LONGEST_MS}`;
  return [
    ...wrong,
    schedule,
    `what happened:\n  ${notes.join('\n  ')}`,
    `wanted: ${JSON.stringify(wanted)}`,
    `again: ${again} npx vitest run --project integration tests/ha/partitions`,
    told,
  ].join('\n');
}

/** The version that a load balancer answers with, or a text if the answer is not a version. */
function versionAt(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const call = request({ host, port, agent: false, timeout: 2000 }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () => {
        resolve(/"version":"([^"]*)"/.exec(body)?.[1] ?? `${response.statusCode}`);
      });
      response.on('error', (error) => resolve(error.message));
    });
    call.on('timeout', () => call.destroy(new Error('nothing in 2 s')));
    call.on('error', (error) => resolve(error.message));
    call.end();
  });
}
