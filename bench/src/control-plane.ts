/**
 * Services applied → every task reported running by its fake agent, over a store of choice. Counts everything in
 * between: apply, plan, place, dispatch, start, report. `writesPerTask` is the number of keys written in that time, by
 * any process, per task; `writes` lists them by kind, tasks by the state they were written with. Each store has a
 * process of its own, with all nodes in it; etcd and NATS are real servers on this machine, which share its cores and
 * are not in `peakRssMiB`. `storeBytes` is the size on the disk at the end, as reported by the engine. Compare:
 * swarmkit's scheduler with its store alone 11,860 tasks/s on one core, Kubernetes 1.32 284–412 pods/s with API server
 * and etcd; at most 4 writes per task.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENGINES, type Engine } from './control-plane/engine.ts';
import { type Figures, run } from './control-plane/run.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string' },
    nodes: { type: 'string' },
    services: { type: 'string' },
    store: { type: 'string' },
  },
});
const tasks = Number(values.tasks ?? 100_000);
const nodes = Number(values.nodes ?? 1000);
const services = Number(values.services ?? 100);
const asked = values.store ?? 'memory';
const names = asked === 'all' ? Object.keys(ENGINES) : asked.split(',');
if (
  names.some((name) => !Object.hasOwn(ENGINES, name)) ||
  !(tasks >= services && nodes > 0 && services > 0)
) {
  console.error(
    `usage: control-plane [--tasks 100000] [--nodes 1000] [--services 100] [--store ${Object.keys(ENGINES).join(',')} or all]`,
  );
  process.exit(2);
}

/** Measures in this process. */
async function measure(name: string): Promise<Figures> {
  await using engine = await (ENGINES[name] as () => Promise<Engine>)();
  return await run(engine, { tasks, nodes, services });
}

/** Measures in a separate process, whose memory and stalls are its own. */
async function measureApart(name: string): Promise<Figures> {
  const args = ['--tasks', `${tasks}`, '--nodes', `${nodes}`, '--services', `${services}`, '--store', name];
  const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const figures = new Promise<Figures>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Figures));
    child.once('exit', (code) => reject(new Error(`the benchmark of ${name} ended with ${code}`)));
  });
  const gone = once(child, 'exit');
  const [found] = await Promise.all([figures, gone]);
  return found;
}

if (names.length === 1) {
  const [name = ''] = names;
  const figures = await measure(name);
  if (process.send !== undefined) await new Promise((resolve) => process.send?.(figures, resolve));
  console.log(JSON.stringify({ bench: 'control-plane', store: name, tasks, nodes, ...figures }));
} else {
  const stores: Record<string, Figures> = {};
  for (const name of names) {
    console.error(`${name}:`);
    stores[name] = await measureApart(name);
  }
  console.log(JSON.stringify({ bench: 'control-plane', tasks, nodes, stores }));
}
process.exit(0);
