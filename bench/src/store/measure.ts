import { median, quantile, round } from '../support.ts';
import type { Pair, Side } from './side.ts';

const ROUNDS = 9;
const LIST_ROUNDS = 5;
const WATCH_ROUNDS = 3;
const BATCH = 100;
const LANES = 8;
const WRITERS = 64;
/** Number of keys of a writer, which it writes in turn. */
const KEYS = 16;
const FEW = 10_000;
const MANY = 100_000;
const WATCHED = 20_000;

/** Measurements of one side; rates are per second, of single changes. */
export interface Figures {
  readonly put1: number;
  readonly put64: number;
  /** As `put64`, with a fence, like the leader's components. For the engine, puts without one in the same rounds. */
  readonly fenced64?: number;
  readonly batch100: number;
  readonly batch100x8: number;
  readonly list10000Ms: number;
  readonly list100000Ms: number;
  readonly watchP50Ms?: number;
  readonly watchP99Ms?: number;
  readonly watchPerSecond?: number;
}

export interface Measured extends Figures {
  readonly raw?: Figures;
  /** Share of the engine's put rate lost to the store, the worse of one writer and many. */
  readonly overhead?: number;
  /** The same for puts with a fence, of many writers. */
  readonly fencedOverhead?: number;
  /** The same for batches. */
  readonly batchOverhead?: number;
}

/** Both sides' results of the rounds, in order. */
interface Turns {
  readonly store: number[];
  readonly raw: number[];
}

/**
 * Measures every figure of a store and of its engine. The two alternate, each first every other time, since the speed
 * of the machine varies over the minutes; shares are medians over the rounds.
 */
export async function measure(pair: Pair, seconds: number, tell: (text: string) => void): Promise<Measured> {
  const ms = (seconds * 1000) / ROUNDS;
  const rates = async (name: string, lanes: number, work: Work): Promise<Turns> => {
    const turns = await inTurns(pair, ROUNDS, (side) =>
      rate(lanes, ms, (lane, turn) => work(side, lane, turn)),
    );
    tell(`${name}: ${told(turns, '/s')}`);
    return turns;
  };
  const put: Work = async (side, lane, turn) => {
    await side.put(`puts/${lane}-${turn % KEYS}`);
    return 1;
  };
  const putFenced: Work = async (side, lane, turn) => {
    const key = `puts/${lane}-${turn % KEYS}`;
    await (side.putFenced === undefined ? side.put(key) : side.putFenced(key));
    return 1;
  };
  const batch: Work = async (side, lane) => {
    await side.batch(keysBelow(`batches/${lane}-`, 0, BATCH));
    return BATCH;
  };
  for (const side of sides(pair)) await rate(WRITERS, 200, (lane, turn) => put(side, lane, turn));
  const put1 = await rates('put1', 1, put);
  const put64 = await rates('put64', WRITERS, put);
  const fences = pair.store.putFenced !== undefined;
  const fenced64 = fences ? await rates('fenced64', WRITERS, putFenced) : undefined;
  const batch100 = await rates('batch100', 1, batch);
  const batch100x8 = await rates('batch100x8', LANES, batch);
  const watched = await measureWatches(pair, ms, tell);
  const list = async (count: number): Promise<Turns> => {
    const prefix = `list${count}/`;
    for (const side of sides(pair)) await fill(side, prefix, count);
    const turns = await inTurns(pair, LIST_ROUNDS, (side) => timed(side, prefix, count));
    tell(`list${count}: ${told(turns, ' ms')}`);
    return turns;
  };
  const list10000 = await list(FEW);
  const list100000 = await list(MANY);
  const figures = (which: keyof Turns): Figures => ({
    put1: Math.round(median(put1[which])),
    put64: Math.round(median(put64[which])),
    ...(fenced64 && { fenced64: Math.round(median(fenced64[which])) }),
    batch100: Math.round(median(batch100[which])),
    batch100x8: Math.round(median(batch100x8[which])),
    list10000Ms: round(median(list10000[which])),
    list100000Ms: round(median(list100000[which])),
    ...watched[which],
  });
  if (pair.raw === undefined) return figures('store');
  return {
    ...figures('store'),
    raw: figures('raw'),
    overhead: worse(put1, put64),
    ...(fenced64 && { fencedOverhead: worse(fenced64) }),
    batchOverhead: worse(batch100, batch100x8),
  };
}

type Work = (side: Side, lane: number, turn: number) => Promise<number>;
type Watched = Pick<Figures, 'watchP50Ms' | 'watchP99Ms' | 'watchPerSecond'>;

async function measureWatches(
  pair: Pair,
  ms: number,
  tell: (text: string) => void,
): Promise<Record<keyof Turns, Watched>> {
  const delays = { store: [] as number[], raw: [] as number[] };
  await inTurns(pair, ROUNDS, async (side, name) => {
    const found = await delaysOf(side, ms);
    for (const delay of found) delays[name].push(delay);
    return found.length;
  });
  const perSecond = await inTurns(pair, WATCH_ROUNDS, watchRate);
  const watched = (name: keyof Turns): Watched =>
    delays[name].length === 0
      ? {}
      : {
          watchP50Ms: round(quantile(delays[name], 0.5), 3),
          watchP99Ms: round(quantile(delays[name], 0.99), 3),
          watchPerSecond: Math.round(median(perSecond[name])),
        };
  const both = { store: watched('store'), raw: watched('raw') };
  tell(`watch: ${JSON.stringify(both)}`);
  return both;
}

/** Delay from each put to its event, with one put at a time. */
async function delaysOf(side: Side, ms: number): Promise<readonly number[]> {
  if (side.watch === undefined) return [];
  let heard = (): void => {};
  const end = await side.watch('delays/', () => heard());
  const delays: number[] = [];
  const until = performance.now() + ms;
  for (let turn = 0; performance.now() < until; turn++) {
    const event = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const begun = performance.now();
    const arrived = event.then(() => performance.now() - begun);
    await side.put(`delays/${turn % KEYS}`);
    delays.push(await arrived);
  }
  end();
  return delays.slice(1); // the first one waited for the watch to begin
}

/** Events per second of one watch while batches are written as fast as they can be. */
async function watchRate(side: Side): Promise<number> {
  if (side.watch === undefined) return 0;
  let count = 0;
  let all = (): void => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  const end = await side.watch('watched/', (more) => {
    count += more;
    if (count >= WATCHED) all();
  });
  const begun = performance.now();
  await fill(side, 'watched/', WATCHED);
  await done;
  const seconds = (performance.now() - begun) / 1000;
  end();
  return count / seconds;
}

async function timed(side: Side, prefix: string, count: number): Promise<number> {
  const begun = performance.now();
  const found = await side.list(prefix);
  const ms = performance.now() - begun;
  if (found !== count) throw new Error(`${found} of ${count} keys were listed`);
  return ms;
}

async function fill(side: Side, prefix: string, count: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const first = next;
      next += BATCH;
      await side.batch(keysBelow(prefix, first, BATCH));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

function keysBelow(prefix: string, first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${first + index}`);
}

/** Rate of several lanes, each of which continues as soon as it has its answer. */
async function rate(
  lanes: number,
  ms: number,
  work: (lane: number, turn: number) => Promise<number>,
): Promise<number> {
  const begun = performance.now();
  let done = 0;
  const lane = async (number: number): Promise<void> => {
    for (let turn = 0; performance.now() - begun < ms; turn++) {
      const changes = await work(number, turn);
      done += changes;
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return done / ((performance.now() - begun) / 1000);
}

async function inTurns(
  { store, raw }: Pair,
  rounds: number,
  run: (side: Side, name: keyof Turns) => Promise<number>,
): Promise<Turns> {
  const turns: Turns = { store: [], raw: [] };
  for (let at = 0; at < rounds; at++) {
    const order = at % 2 === 0 ? (['raw', 'store'] as const) : (['store', 'raw'] as const);
    for (const name of order) {
      const side = name === 'store' ? store : raw;
      if (side !== undefined) turns[name].push(await run(side, name));
    }
  }
  return turns;
}

function sides({ store, raw }: Pair): readonly Side[] {
  return raw === undefined ? [store] : [raw, store];
}

function worse(...all: readonly Turns[]): number {
  return round(Math.max(...all.map((turns) => 1 - median(ratios(turns)))), 3);
}

function ratios({ store, raw }: Turns): readonly number[] {
  return store.map((value, index) => value / (raw[index] as number));
}

function told(turns: Turns, unit: string): string {
  const own = `${round(median(turns.store), 1)}${unit}`;
  if (turns.raw.length === 0) return own;
  return `${own}, raw ${round(median(turns.raw), 1)}${unit}, ratio ${round(median(ratios(turns)), 3)}`;
}
