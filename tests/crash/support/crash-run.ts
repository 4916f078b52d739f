import { setTimeout as pause } from 'node:timers/promises';
import { contracts, type Plugin, type Random, type Store } from '@gantry/core';
import type { Fence } from '@gantry/core/contracts';
import { type Cluster, createCluster } from '@gantry/host';
import { jsonLogger, systemClock, systemRandom } from '@gantry/system';
import { SeededRandom } from '@gantry/testing';
import type { Daemon } from '../../support/daemon.ts';
import { Follower } from './follower.ts';
import { type Tally, Writer } from './writer.ts';

const WRITERS = 8;
const MOST_WRITES = 400;
const MOST_WAIT_MS = 20;
const MOST_DOWN_MS = 300;
const PATIENCE_MS = 120_000;
const LOOK_MS = 5;

export interface CrashOptions {
  readonly engine: string;
  /** A new store each time it is called, over the same data. */
  readonly store: () => Plugin;
  /** One of them is killed in each round. */
  readonly daemons: readonly Daemon[];
  readonly rounds: number;
  readonly seed: number;
  /** So many writes are acknowledged after the last round. Default 400. */
  readonly writesAtEnd?: number;
}

export interface CrashResult {
  readonly crash: string;
  readonly rounds: number;
  readonly seed: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** The number of unknown writes that turned out to be written. */
  readonly unknownWritten: number;
  /** Written after a read had come out as if they were not. */
  readonly late: number;
  /** Acknowledged, replaced by a later write, and never told to the watch, as it may be. */
  readonly leftOut: number;
  readonly lost: number;
  /** The longest time without an answer after the engine was back, ms. */
  readonly recoveryMs: number;
  /** In words; empty where the law holds. */
  readonly wrong: readonly string[];
}

/** Writes under load while the engine is killed at random moments, and then accounts for every single write. */
export async function crashRun(options: CrashOptions): Promise<CrashResult> {
  const { engine, store, daemons, rounds, seed, writesAtEnd = MOST_WRITES } = options;
  const random = new SeededRandom(seed);
  const tally: Tally = { acknowledged: 0, refused: 0, unknown: 0, late: 0, highest: 0, wrong: [] };
  await using cluster = await open(store());
  const under = cluster.get(contracts.store);
  const fence = await fenceOf(under);
  const { revision: since } = await under.list('crash/');
  const follower = new Follower(under, 'crash/', since);
  const writers = Array.from(
    { length: WRITERS },
    (_, index) => new Writer(`w${index}`, under, new SeededRandom(seed * 1000 + index), tally, fence),
  );
  let over = false;
  const running = Promise.all(writers.map((writer) => writer.run())).then(() => {
    over = true;
  });
  const written = (count: number, where: string): Promise<void> => writes(tally, () => over, count, where);
  let recoveryMs = 0;
  try {
    for (let round = 0; round < rounds && !over; round++) {
      await written(Math.floor(random.next() * MOST_WRITES), `seed ${seed}, round ${round}`);
      await pause(random.next() * MOST_WAIT_MS);
      await crash(daemons, random);
      const back = performance.now();
      await written(1, `seed ${seed}, after round ${round}`);
      recoveryMs = Math.max(recoveryMs, performance.now() - back);
    }
    await written(writesAtEnd, `seed ${seed}, after all rounds`);
  } finally {
    for (const writer of writers) writer.stop();
    await running;
  }
  const histories = writers.flatMap((writer) => writer.histories);
  await settle(under, follower);
  await follower.stop();
  const wrong = [...tally.wrong, ...follower.wrong, ...(await differences(under, store, follower))];
  const { entries } = await under.list('crash/');
  const found = new Map(entries.map((entry) => [entry.key, entry]));
  for (const history of histories) {
    const last = history.read(found.get(history.key));
    if (last !== undefined) wrong.push(last);
    wrong.push(...history.follow(follower.byKey.get(history.key) ?? []));
  }
  const told = new Set([...follower.byKey.values()].flat().map(({ key, revision }) => `${key} ${revision}`));
  const ops = histories.flatMap(({ key, ops }) => ops.map((op) => ({ ...op, key })));
  const { acknowledged, refused, unknown } = tally;
  return {
    crash: engine,
    rounds,
    seed,
    ...{ acknowledged, refused, unknown },
    unknownWritten: ops.filter(({ fate, revision }) => fate === 'unknown' && revision !== undefined).length,
    late: tally.late + ops.filter(({ denied, revision }) => denied && revision !== undefined).length,
    leftOut: ops.filter(
      ({ fate, key, revision }) =>
        fate === 'acknowledged' && revision !== undefined && !told.has(`${key} ${revision}`),
    ).length,
    lost: wrong.filter((text) => text.includes(': lost: ')).length,
    recoveryMs: Math.round(recoveryMs),
    wrong,
  };
}

/** An entry that remains unchanged, if the store has fences. */
async function fenceOf(store: Store): Promise<Fence | undefined> {
  if (!store.supports.fencing) return undefined;
  const key = 'fence';
  const [outcome] = await store.commit([{ key, value: 1 }]);
  return outcome?.ok === true ? { key, revision: outcome.revision } : undefined;
}

async function crash(daemons: readonly Daemon[], random: Random): Promise<void> {
  const daemon = daemons[Math.floor(random.next() * daemons.length)] as Daemon;
  await daemon.stop('SIGKILL');
  await pause(random.next() * MOST_DOWN_MS);
  await daemon.start();
}

/** Waits until `count` more writes were acknowledged, or until all writers have stopped, which then have said why. */
async function writes(tally: Tally, over: () => boolean, count: number, where: string): Promise<void> {
  const goal = tally.acknowledged + count;
  const deadline = performance.now() + PATIENCE_MS;
  while (tally.acknowledged < goal && !over()) {
    if (performance.now() > deadline) {
      const reasons = tally.wrong.slice(0, 5).join('\n');
      throw new Error(`${where}: no more than ${tally.acknowledged} of ${goal} writes\n${reasons}`);
    }
    await pause(LOOK_MS);
  }
}

/** Makes one more write, and waits until everything before it has been delivered. */
async function settle(store: Store, follower: Follower): Promise<void> {
  const [end] = await store.commit([{ key: 'crash/end', value: { number: 0, text: '' } }]);
  const revision = end?.ok === true ? end.revision : 0;
  const deadline = performance.now() + PATIENCE_MS;
  while (follower.revision < revision && !follower.ended) {
    if (performance.now() > deadline) {
      follower.wrong.push(`the watch has told up to ${follower.revision} of ${revision}`);
      return;
    }
    await pause(LOOK_MS);
  }
}

/** The watch, the store that went through it all, and one that starts now are to show the same. */
async function differences(
  store: Store,
  another: () => Plugin,
  follower: Follower,
): Promise<readonly string[]> {
  await using cluster = await open(another());
  const shown = JSON.stringify((await store.list('crash/')).entries.map(plain));
  const wrong: string[] = [];
  if (JSON.stringify(follower.entries.map(plain)) !== shown)
    wrong.push('what the watch told is not what the store lists');
  const fresh = await cluster.get(contracts.store).list('crash/');
  if (JSON.stringify(fresh.entries.map(plain)) !== shown)
    wrong.push('a store that starts now lists something else');
  return wrong;
}

function plain({ key, value, revision }: { key: string; value: unknown; revision: number }): unknown {
  const { number, text } = value as { number: number; text: string };
  return [key, revision, number, text.length];
}

async function open(plugin: Plugin): Promise<Cluster> {
  const machine = [systemClock(), systemRandom(), jsonLogger({ level: 'error' })];
  return await createCluster([...machine, plugin], { nodes: 0 });
}
