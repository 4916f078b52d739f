/**
 * Time during which a published port is not served when the program that serves it is terminated, with SIGTERM or
 * SIGKILL, and restarted immediately: `gantry up --data` and the agent of a `gantry server`, both as built. A client
 * opens a connection every 5 ms, each with one request. Times include the client's own, in a process that shares the
 * cores. Compare: `plain`, a Node program of one line that listens on a port and answers; `nodeMs`, the time of `node
 * -e 0`.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Gap, gapOf, Probe } from './restart-gap/probe.ts';
import { agent, plain, type Served, up } from './restart-gap/programs.ts';
import { median, round } from './support.ts';

const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
const PROGRAMS: Readonly<Record<string, () => Promise<Served>>> = { plain, up, agent };
/** Pause between two restarts, in which the cluster should settle. */
const REST_MS = 2000;

const { values } = parseArgs({ options: { rounds: { type: 'string' }, programs: { type: 'string' } } });
const rounds = Number(values.rounds ?? 5);
const chosen = (values.programs ?? Object.keys(PROGRAMS).join(',')).split(',');

/** Time to start Node, which no program avoids. */
function startMs(): number {
  const began = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

async function measure(program: Served, signal: NodeJS.Signals): Promise<Gap> {
  const probe = new Probe(program.port);
  await probe.steady();
  probe.attempts = [];
  const spawnedAt = await program.restart(signal);
  await probe.steady();
  await probe.stop();
  const gap = gapOf(probe.attempts, spawnedAt);
  await sleep(REST_MS);
  return gap;
}

const results: Record<string, Record<string, number | number[]>> = {};
const starts: number[] = [];
for (const name of chosen) {
  const start = PROGRAMS[name];
  if (start === undefined) throw new Error(`no program "${name}": ${Object.keys(PROGRAMS).join(', ')}`);
  await using program = await start();
  await sleep(REST_MS);
  for (const signal of SIGNALS) {
    const gaps: Gap[] = [];
    for (let i = 0; i < rounds; i++) {
      starts.push(startMs());
      const gap = await measure(program, signal);
      console.error(
        name,
        signal,
        JSON.stringify(gap, (_, value) => (typeof value === 'number' ? round(value, 0) : value)),
      );
      gaps.push(gap);
    }
    const keys = Object.keys(gaps[0] as Gap) as (keyof Gap)[];
    results[`${name} ${signal}`] = Object.fromEntries([
      ...keys.map((key) => [key, round(median(gaps.map((gap) => gap[key])), 0)] as const),
      ['gapsMs', gaps.map(({ gapMs }) => round(gapMs, 0))] as const,
    ]);
  }
}
console.log(JSON.stringify({ bench: 'restart-gap', rounds, nodeMs: round(median(starts), 0), ...results }));
process.exit(0);
