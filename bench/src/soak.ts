/**
 * A cluster of real processes under continuous disturbance: three servers, four agents, nats-server, and etcd or NATS
 * as the store. Random services are created, changed and removed, nodes are drained, logs, execs, dials and watches are
 * opened and closed, through all servers, as determined by the seed; and one part after the other is restarted. At
 * intervals the cluster settles: it returns to its base, leftovers are searched for, and a sample is taken. In the
 * first third every part is restarted; from then on one server and one agent are only halted at times, so that they
 * keep what they accumulate. The samples after that third are compared, first part with last (`soak/growth.ts` has the
 * bounds). Exits with 1 if anything has grown beyond its bound, was left behind, or failed for no reason.
 *
 * `--heap-snapshots FOLDER` also writes heap snapshots of that server and that agent, at the first and the last sample
 * that count.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SeededRandom } from '@gantry/testing';
import type { PartProcess } from '../../tests/ha/support/part-process.ts';
import { freePorts } from '../../tests/support/ports.ts';
import { baseServices, fill, rest, wake } from './soak/base.ts';
import { Churn, type Tally } from './soak/churn.ts';
import { natsConnections } from './soak/engines.ts';
import { growthOf } from './soak/growth.ts';
import { heapSnapshot } from './soak/heap.ts';
import { lookAt } from './soak/look.ts';
import { Restarts } from './soak/restarts.ts';
import { type Sample, takeSample } from './soak/sample.ts';
import { type StoreName, startWorld, type World } from './soak/world.ts';
import { round } from './support.ts';

/** Number of samples of a short run; a long one has more. */
const SAMPLES = 18;
const MAX_EVERY_MS = 60_000;
const RESTART_EVERY_MS = 20_000;
/** Share of the time between two samples that is churn. */
const CHURN_SHARE = 0.75;
/**
 * A server keeps the watched state until it has had no watcher for a minute. That is bounded, but the bound is far, so
 * the samples that count are those by which the steady server has dropped it. Its watches are therefore opened in every
 * other stretch, and end before the stretch does; a short run has none.
 */
const QUIET_MS = 15_000;
/** Time for connections that are kept for a while, and for what is cleaned up every few seconds. */
const SETTLE_MS = 6000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    store: { type: 'string' },
    'heap-snapshots': { type: 'string' },
  },
});
const minutes = Number(values.minutes ?? 30);
const seed = Number(values.seed ?? 1);
const store = values.store ?? 'etcd';
if (!(minutes > 0) || !Number.isInteger(seed) || !['etcd', 'nats'].includes(store)) {
  console.error('usage: soak [--minutes 30] [--seed 1] [--store etcd|nats] [--heap-snapshots FOLDER]');
  process.exit(2);
}
const snapshots = values['heap-snapshots'];

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());
const { signal } = interrupt;
for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (error: unknown) => fail(`uncaught ${String(error)}`));

let begun = performance.now();
const tally: Tally = { operations: 0, done: {}, borne: {}, failures: [] };

function say(text: string): void {
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.error(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} ${text}`);
}

function fail(text: string): void {
  if (signal.aborted) return;
  tally.failures.push(text);
  say(`FAILURE ${text}`);
}

function partsOf({ ha }: World): readonly PartProcess[] {
  return [...ha.servers, ...ha.agents];
}

/** Restarts a part that has ended on its own, which is a failure. */
async function revive(world: World): Promise<void> {
  for (const part of partsOf(world)) {
    if (part.runs) continue;
    fail(`${part.name} has ended unexpectedly: ${part.errors.slice(-2000)}`);
    part.start();
    await part.ready();
  }
}

/** Lets the cluster settle, and takes a sample. */
async function sampled(
  world: World,
  restarts: Restarts,
  base: ReturnType<typeof baseServices>,
): Promise<Sample> {
  const at = (performance.now() - begun) / 60_000;
  const from = performance.now();
  await revive(world);
  await rest(world, base, signal).catch((error: unknown) => {
    if (signal.aborted) return;
    fail(`at ${round(at, 1)} minutes: ${String(error)}`);
    for (const { name, errors } of partsOf(world)) say(`${name} has said: ${errors.slice(-2000)}`);
  });
  const restMs = performance.now() - from;
  await wake(world, restarts.steady.server);
  await sleep(SETTLE_MS, undefined, { signal });
  const look = await lookAt(world, signal);
  for (const each of look.wrong) fail(`at ${round(at, 1)} minutes: ${each}`);
  const sample = await takeSample(world, restarts, look, at);
  const { server } = restarts.steady;
  const role = (await world.ha.leader().catch(() => undefined)) === server ? 'leads' : 'follows';
  const told = Object.entries(sample.measures).map(([name, value]) => `${name} ${round(value, 1)}`);
  say(`idle after ${round(restMs / 1000, 1)} s; ${server.name} ${role}; ${told.join(', ')}`);
  return sample;
}

async function soak(world: World, restarts: Restarts, samples: Sample[]): Promise<void> {
  const [port] = (await freePorts(1)) as [number];
  const base = baseServices(port, world.ha.agents.length);
  const churn = new Churn(world, restarts, tally, port, seed);
  say(`it runs; ${restarts.steady.server.name} and ${restarts.steady.agent.name} are to be steady`);
  await rest(world, base, signal);
  begun = performance.now();
  const totalMs = minutes * 60_000;
  const everyMs = Math.min(MAX_EVERY_MS, totalMs / SAMPLES);
  const churnMs = everyMs * CHURN_SHARE;
  const warmMs = totalMs / 3;
  // Every part is restarted before the first third is over, however short that is.
  const warmRestartMs = Math.min(RESTART_EVERY_MS, (warmMs * CHURN_SHARE) / restarts.parts);
  let end = performance.now() + totalMs;
  const warmUntil = performance.now() + warmMs;
  let warm = false;
  let stretches = 0;
  while ((!warm || performance.now() < end) && !signal.aborted) {
    const next = performance.now() + everyMs;
    const failures = tally.failures.length;
    const quiet = stretches++ % 2 === 1;
    const watchMs = quiet ? 0 : churnMs - QUIET_MS;
    const restartEveryMs = warm ? RESTART_EVERY_MS : warmRestartMs;
    const restarted = await churn.run({ ms: churnMs, restartEveryMs, watchMs }, signal);
    for (const each of tally.failures.slice(failures)) say(`FAILURE ${each}`);
    say(`${tally.operations} operations; restarted: ${restarted.join(', ')}`);
    if (signal.aborted) break;
    const sample = await sampled(world, restarts, base);
    const counts = warm && (quiet || everyMs < MAX_EVERY_MS);
    if (counts) samples.push(sample);
    if (counts && samples.length === 1) await snapshot(world, restarts, 'first');
    if (!warm && performance.now() >= warmUntil && restarts.allOnce) {
      await fill(world, base);
      warm = true;
      end = performance.now() + totalMs - warmMs;
      say('every part was restarted; what comes now counts');
    }
    const left = next - performance.now();
    if (warm && left > 0 && next < end) await sleep(left, undefined, { signal });
  }
  await snapshot(world, restarts, 'last');
}

async function snapshot(world: World, { steady }: Restarts, when: string): Promise<void> {
  if (snapshots === undefined || signal.aborted) return;
  const folder = resolve(snapshots);
  await mkdir(folder, { recursive: true });
  for (const [role, part] of Object.entries(steady))
    await heapSnapshot(world.heaps, part.pid, join(folder, `${role}-${when}.heapsnapshot`));
}

async function main(): Promise<boolean> {
  await using world = await startWorld(store as StoreName);
  const restarts = new Restarts(world, new SeededRandom(seed));
  const samples: Sample[] = [];
  await soak(world, restarts, samples).catch((error: unknown) =>
    fail(`it could not continue: ${String(error)}`),
  );
  signal.throwIfAborted();
  if (samples.length < 3) fail(`${samples.length} samples are too few to compare`);
  // A heap snapshot needs the same amount of memory again, which is not released.
  const without = new Set(snapshots === undefined ? [] : ['server.rssMiB', 'agent.rssMiB']);
  const growth = samples.length < 3 ? {} : growthOf(samples, without);
  const grown = Object.entries(growth).filter(([, { ok }]) => !ok);
  for (const [name] of grown) {
    for (const sample of [samples[0], samples.at(-1)]) {
      const detail = sample?.details[name];
      if (detail !== undefined)
        say(`${name} at ${round(sample?.minutes ?? 0)} minutes: ${JSON.stringify(detail)}`);
    }
    if (name.startsWith('nats.'))
      for (const each of await natsConnections(world.natsMonitor)) say(`${name}: ${each}`);
  }
  const ok = grown.length === 0 && tally.failures.length === 0;
  const { operations, done, borne, failures } = tally;
  console.log(
    JSON.stringify({
      ...{ bench: 'soak', store, minutes, seed, operations, done, borne },
      restarts: restarts.counts,
      samples: samples.length,
      ...{ failures, growth, ok },
    }),
  );
  return ok;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!signal.aborted) console.error(error);
  process.exitCode = signal.aborted ? 130 : 1;
}
process.exit();
