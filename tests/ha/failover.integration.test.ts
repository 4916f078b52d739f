import type { StoreEvent } from '@gantry/core/contracts';
import { STORE_KEYS } from '@gantry/core/model';
import { SeededRandom } from '@gantry/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Load } from '../../bench/src/web.ts';
import { freePorts } from '../support/ports.ts';
import { describeWith } from '../support/services.ts';
import { ENGINES, type Engines } from './support/engines.ts';
import { HaCluster } from './support/ha-cluster.ts';
import { History, slotsWithTwo, writesOutOfTerm } from './support/history.ts';
import type { PartProcess } from './support/part-process.ts';
import { takePicture, unlike } from './support/picture.ts';
import { taskProcesses } from './support/processes.ts';
import { type Wanted, webService } from './support/web-service.ts';

/** More of them make a longer proof, which takes in a cluster of NATS servers. */
const ROUNDS = Number(process.env.GANTRY_HA_ROUNDS ?? 2);
const LEASE_MS = 3000;
const ROUND_MS = 180_000;
const AGENTS = 3;
const BALANCER = '127.0.0.11';
const SETS = ENGINES.filter(({ long = false }) => !long || ROUNDS > 2);

for (const { title, needs, fences, start } of SETS) {
  describeWith(needs, `three servers over ${title}`, () => {
    let engines: Engines;
    let ha: HaCluster;
    let port = 0;

    beforeAll(async () => {
      engines = await start();
      [port] = (await freePorts(1)) as [number];
      const { nats, store } = engines;
      ha = await HaCluster.start({ nats, store, servers: 3, agents: AGENTS, leaseMs: LEASE_MS });
    }, 600_000);

    afterAll(async () => {
      await ha?.[Symbol.asyncDispose]();
      await engines?.[Symbol.asyncDispose]();
    });

    const now = async (): Promise<number> => (await ha.store.list('leader/')).revision;

    const apply = async (wanted: Wanted, server?: PartProcess): Promise<void> => {
      await ha.api(server).apply(webService(port, wanted));
    };

    /** Waits until each slot has its one task of that version, and the machine their processes and no others. */
    const atRest = async (wanted: Wanted): Promise<void> => {
      let found: readonly string[] = [];
      const look = async (): Promise<boolean> => {
        const picture = await takePicture(ha.store, () => taskProcesses(ha.folders));
        found = unlike(picture, [wanted], AGENTS);
        return found.length === 0;
      };
      const what = `version ${wanted.version} with ${wanted.replicas} replicas`;
      await ha.until(look, what, ROUND_MS).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${found.join('\n')}`, { cause: error });
      });
    };

    /** Whether the leader of a later term has written something: told by its fence, or else by what follows its term. */
    const acted = async (events: readonly StoreEvent[], term: number, fence: number): Promise<boolean> => {
      if (fences) return (await ha.journal()).some((noted) => noted.fence > fence);
      const begins = (event: StoreEvent): boolean =>
        event.key === STORE_KEYS.term && (event.value as { number: number }).number > term;
      const begun = events.findIndex(begins);
      return begun >= 0 && events.slice(begun).some(({ key }) => /^(task|service)s\//.test(key));
    };

    let listed = '';
    /** Whether a server lists the leader of the present term as such, and the killed one as unreachable. */
    const tells = async (asked: PartProcess, killed: PartProcess): Promise<boolean> => {
      const servers = await ha.api(asked).servers();
      const [term, leader] = [await ha.term(), await ha.leader()];
      const roles = servers.map(({ meta, status }) => `${meta.name} ${status.role} ${status.state}`);
      const wanted = ha.servers.map((each) => {
        if (each === killed) return `${each.name} standby unreachable`;
        return `${each.name} ${each === leader ? 'leader' : 'standby'} ready`;
      });
      const told = servers.find(({ status }) => status.role === 'leader')?.status;
      listed = `${JSON.stringify(servers)}, expected ${wanted.join()} in term ${term.number}`;
      return roles.join() === wanted.join() && told?.term === term.number && told.urls.length === 1;
    };

    const twice = fences
      ? 'no slot has two tasks, nothing is written out of term'
      : 'each slot ends up with one task';
    test(`a leader that is killed in the middle of its work is replaced by another that continues it, ${ROUNDS} times: no request fails, ${twice}`, {
      timeout: 60_000 + ROUNDS * ROUND_MS,
    }, async () => {
      const random = new SeededRandom(20_26);
      await apply({ version: 'v1', replicas: 4 });
      await atRest({ version: 'v1', replicas: 4 });
      const history = new History(ha.store, await now());
      const load = new Load(port, 4, 5, BALANCER);
      const took: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
        const before = await ha.term();
        const wanted = { version: `v${round + 2}`, replicas: 3 + Math.floor(random.next() * 4) };
        const other = ha.servers.find((each) => each !== leader) as PartProcess;
        await apply(wanted, other);
        await new Promise((resolve) => setTimeout(resolve, random.next() * 600)); // anywhere in its work
        const killedAt = performance.now();
        await leader.end();
        await ha.until(async () => (await ha.term()).number > before.number, 'the next term');
        took.push(Math.round(performance.now() - killedAt));
        if (round === 0) {
          const seen = (): string => `a list of servers with the new leader, got ${listed}`;
          await ha.until(() => tells(other, leader), seen);
        }
        // The update may be over already, or wait for its time of monitoring: this is work for the next leader in any case.
        wanted.replicas = wanted.replicas === 6 ? 5 : wanted.replicas + 1;
        await apply(wanted, other);
        await ha.until(() => acted(history.events, before.number, before.revision), 'the next leader to act');
        leader.start();
        await Promise.all([leader.ready(), atRest(wanted)]);
      }
      await load.stop();
      const events = await history.end();
      console.log(
        JSON.stringify({
          test: 'failover',
          engines: title,
          rounds: ROUNDS,
          leaseMs: LEASE_MS,
          tookMs: took,
          requests: load.ok,
          failed: load.failures.length,
          writes: events.length,
          slotsWithTwo: slotsWithTwo(events).length,
        }),
      );
      expect(load.failures).toEqual([]);
      if (!fences) return;
      expect(slotsWithTwo(events)).toEqual([]);
      expect(writesOutOfTerm(events, await ha.journal())).toEqual([]);
      expect((await ha.journal()).length).toBeGreaterThan(ROUNDS);
    });

    const silent = fences
      ? 'writes nothing more, and follows the new one'
      : 'undoes nothing, and follows the new one';
    test(`a leader that was halted and wakes up ${silent}: no request fails`, {
      timeout: 2 * ROUND_MS,
    }, async () => {
      await apply({ version: 'v100', replicas: 5 });
      await atRest({ version: 'v100', replicas: 5 });
      const history = new History(ha.store, await now());
      const load = new Load(port, 4, 5, BALANCER);
      await apply({ version: 'v101', replicas: 6 });
      const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
      const { number } = await ha.term();
      leader.signal('SIGSTOP');
      await ha.until(async () => (await ha.term()).number > number, 'the next term');
      const wanted = { version: 'v102', replicas: 4 };
      await apply(
        wanted,
        ha.servers.find((each) => each !== leader),
      );
      leader.signal('SIGCONT');
      await atRest(wanted);
      await ha.until(
        async () => (await ha.api(leader).get('service', 'web')).status.ready === 4,
        'its answer',
      );
      await load.stop();
      const events = await history.end();
      expect(await ha.leader()).not.toBe(leader);
      expect(load.failures).toEqual([]);
      if (fences) expect(writesOutOfTerm(events, await ha.journal())).toEqual([]);
    });

    // That this takes no lease is shown in virtual time, by packages/control/test/leadership.test.ts.
    test('a leader that is asked to stop hands over to another', {
      timeout: ROUND_MS,
    }, async () => {
      const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
      const { number } = await ha.term();
      await leader.end('SIGTERM');
      await ha.until(async () => (await ha.term()).number > number, 'the next term');
      expect(await ha.leader()).not.toBe(leader);
      leader.start();
      await leader.ready();
    });
  });
}
