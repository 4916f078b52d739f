/**
 * Each store on a server of its own, compared with its engine driven by a plain client on the same server, in the same
 * run: etcd by bare gRPC with the store's own messages (`Put`; `Txn` of 100 puts; `Range`; `Watch`), NATS by JetStream
 * publishes that expect the last sequence of their subject and by `@nats-io/kv`, LMDB by lmdb-js with the store's
 * settings. The store in memory has no engine, and LMDB has no watches. The engine's side writes the same bytes
 * repeatedly and does not parse what it reads; the store's side encodes and decodes JSON. Server and clients share this
 * machine's cores. A store may send the writes of several writers in one request, so that 64 writers can be faster than
 * the engine called for each of their puts; writes of a leader have a fence, and may not be combined that way:
 * `fenced64`. To compare: at most 0.2 of the puts are lost to the store, and batches go at the engine's speed.
 */
import { parseArgs } from 'node:util';
import { etcdPair } from './store/etcd-pair.ts';
import { lmdbPair } from './store/lmdb-pair.ts';
import { type Measured, measure } from './store/measure.ts';
import { memoryPair } from './store/memory-pair.ts';
import { natsPair } from './store/nats-pair.ts';
import type { Pair } from './store/side.ts';

const PAIRS: Readonly<Record<string, () => Promise<Pair>>> = {
  lmdb: lmdbPair,
  etcd: etcdPair,
  nats: natsPair,
  memory: memoryPair,
};

const { values } = parseArgs({ options: { stores: { type: 'string' }, seconds: { type: 'string' } } });
const names = (values.stores ?? Object.keys(PAIRS).join(',')).split(',');
const seconds = Number(values.seconds ?? 2);
const wrong = names.find((name) => !Object.hasOwn(PAIRS, name));
if (wrong !== undefined || !(seconds > 0)) {
  console.error(`usage: store [--stores ${Object.keys(PAIRS).join(',')}] [--seconds 2]`);
  process.exit(2);
}

const stores: Record<string, Measured> = {};
for (const name of names) {
  await using pair = await (PAIRS[name] as () => Promise<Pair>)();
  stores[name] = await measure(pair, seconds, (text) => console.error(`${name}: ${text}`));
}
console.log(JSON.stringify({ bench: 'store', stores }));
process.exit(0);
