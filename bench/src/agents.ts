/**
 * Agents of many nodes on one server, over a real nats-server: all register at once, one service gives each of them a
 * task, which they pull and report running, and then they send heartbeats, every 2 s with jitter, as the agent does.
 * Measured are the server's process, by the kernel's figures, and the round trips of the heartbeats. The agents are
 * only the protocol, thousands in one process over a few connections; they share this machine's cores with the server
 * and NATS. The round trips therefore include the agents' own delays: `agentsLoopP99Ms` is the lag of that process's
 * event loop, and a `p99Ms` that is not well above it says nothing about the server. `--store lmdb` keeps the server's
 * data on disk. Compare: the goal, 5,000 sessions on one server.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { natsBus } from '@gantry/bus-nats';
import { contracts } from '@gantry/core';
import { type DispatchSubjects, type HeartbeatReply, type PullReply, subjects } from '@gantry/core/protocol';
import { createCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import { lmdbStore } from '@gantry/store-lmdb';
import { memoryStore } from '@gantry/store-memory';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startNats } from '../../tests/support/nats-server.ts';
import { quantile, round } from './support.ts';

const CLUSTER = 'bench-agents';
const CONNECTIONS = 8;
const CALL_MS = 10_000;
const RETRY_MS = 100;
const PATIENCE_MS = 180_000;
const TICKS_PER_SECOND = 100;
const LOOP_MS = 2;
const SUBJECTS = subjects(CLUSTER);

const { values } = parseArgs({
  options: {
    sessions: { type: 'string' },
    seconds: { type: 'string' },
    tasks: { type: 'string' },
    store: { type: 'string' },
    serve: { type: 'string' },
  },
});
const sessions = Number(values.sessions ?? 5000);
const seconds = Number(values.seconds ?? 20);
const tasks = Number(values.tasks ?? sessions);

/** Observations of the server's process. */
interface Seen {
  readonly nodes: number;
  readonly running: number;
  /** Number of times that a node was marked down. */
  readonly down: number;
}

/** The server: started with the url of NATS, it returns its observations on request. */
async function serve(nats: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const store = values.store === 'lmdb' ? lmdbStore({ path: join(folder, 'store') }) : memoryStore();
  const bus = natsBus({ servers: [nats] });
  const cluster = await createCluster(server({ store, bus, logLevel: 'error' }), { name: CLUSTER, nodes: 0 });
  const views = cluster.get(contracts.views);
  let down = 0;
  let running = 0;
  views.of('node').subscribe((events) => {
    for (const { before, after } of events)
      if (after?.value.status.state === 'down' && before?.value.status.state !== 'down') down++;
  });
  views.of('task').subscribe((events) => {
    for (const { before, after } of events)
      running +=
        Number(after?.value.status.state === 'running') - Number(before?.value.status.state === 'running');
  });
  process.on('message', (message) => {
    if (message === 'seen')
      return void process.send?.({ nodes: views.of('node').size, running, down } satisfies Seen);
    if (message === 'apply') {
      const template = { image: 'none' };
      const spec = { replicas: tasks, template };
      return void cluster.api.apply({ kind: 'service', meta: { name: 'bench' }, spec });
    }
    void cluster[Symbol.asyncDispose]()
      .then(() => rm(folder, { recursive: true, force: true }))
      .then(() => process.exit(0));
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

/** State shared by all agents of this process. */
interface Agents {
  readonly links: readonly NatsConnection[];
  readonly delays: number[];
  measuring: boolean;
  registrations: number;
  pulls: number;
  failures: number;
}

/** An error returned by the server, by its code. */
class Refused extends Error {}

/** One agent, reduced to its messages. */
class Session {
  readonly #node: string;
  readonly #subjects: DispatchSubjects;
  readonly #session: string;
  readonly #link: NatsConnection;
  readonly #agents: Agents;
  #heartbeatMs = 2000;
  #since = 0;
  #pulling = false;
  #wanted = false;

  constructor(index: number, agents: Agents) {
    this.#node = `node-${index}`;
    this.#subjects = SUBJECTS.dispatch(this.#node);
    this.#session = `session-${index}`;
    this.#link = agents.links[index % agents.links.length] as NatsConnection;
    this.#agents = agents;
  }

  async register(): Promise<void> {
    const question = {
      session: this.#session,
      labels: {},
      capacity: { cpu: 8000, memory: 2 ** 34 },
      attributes: { os: 'linux', arch: 'amd64', hostname: this.#node, runtime: 'none' },
    };
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(5000, waitMs * 2)) {
      try {
        const { heartbeatMs } = await this.#ask<{ heartbeatMs: number }>(
          this.#subjects.register,
          question,
          CALL_MS,
        );
        this.#heartbeatMs = heartbeatMs;
        this.#since = 0;
        this.#agents.registrations++;
        return;
      } catch {
        this.#agents.failures++;
        await sleep(waitMs);
      }
    }
  }

  /** Starts to receive notifications, to fetch, and to send heartbeats. */
  live(): void {
    this.#link.subscribe(SUBJECTS.nodeHint(this.#node), { callback: () => void this.#pull() });
    void this.#pull();
    this.#beatLater();
  }

  #beatLater(): void {
    setTimeout(() => void this.#beat(), this.#heartbeatMs * (0.9 + 0.2 * Math.random()));
  }

  async #beat(): Promise<void> {
    const question = { session: this.#session };
    const begun = performance.now();
    try {
      const { revision } = await this.#ask<HeartbeatReply>(
        this.#subjects.heartbeat,
        question,
        this.#heartbeatMs * 2,
      );
      if (this.#agents.measuring) this.#agents.delays.push(performance.now() - begun);
      if (revision > this.#since) void this.#pull();
    } catch (error) {
      this.#agents.failures++;
      if (error instanceof Refused && error.message === 'CONFLICT') {
        await this.register();
        void this.#pull();
      }
    }
    this.#beatLater();
  }

  async #pull(): Promise<void> {
    this.#wanted = true;
    if (this.#pulling) return;
    this.#pulling = true;
    const who = { session: this.#session };
    while (this.#wanted) {
      this.#wanted = false;
      this.#agents.pulls++;
      try {
        const reply = await this.#ask<PullReply>(
          this.#subjects.pull,
          { ...who, since: this.#since },
          CALL_MS,
        );
        this.#since = reply.revision;
        const status = { state: 'running', since: Date.now(), ready: true };
        const statuses = reply.assignments
          .filter((task) => task.status.state !== 'running')
          .map(({ name }) => ({ task: name, status }));
        if (statuses.length > 0) await this.#ask(this.#subjects.report, { ...who, statuses }, CALL_MS);
      } catch {
        this.#agents.failures++;
        this.#since = 0; // the next heartbeat reports that there is something
      }
    }
    this.#pulling = false;
  }

  async #ask<Reply>(subject: string, question: object, timeout: number): Promise<Reply> {
    const answer = await this.#link.request(subject, JSON.stringify(question), { timeout });
    const code = answer.headers?.get('Gantry-Error') ?? '';
    if (code !== '') throw new Refused(code);
    return answer.json<Reply>();
  }
}

/** Usage of a process according to the kernel: seconds of CPU time, and MiB of memory. */
async function usage(pid: number): Promise<{ readonly cpuSeconds: number; readonly rssMiB: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may contain anything: the 14th and 15th field of all are user and system time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
  };
}

function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

function seenBy(child: ChildProcess): Promise<Seen> {
  const seen = next<Seen>(child);
  child.send('seen');
  return seen;
}

async function measure(): Promise<void> {
  await using nats = await startNats();
  const args = ['--serve', nats.url, '--tasks', String(tasks), '--store', values.store ?? 'memory'];
  const child = fork(fileURLToPath(import.meta.url), args, { stdio: 'inherit' });
  child.setMaxListeners(0);
  try {
    await next(child);
    const links = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connect({ servers: nats.url })),
    );
    const agents: Agents = { links, delays: [], measuring: false, registrations: 0, pulls: 0, failures: 0 };
    const all = Array.from({ length: sessions }, (_, index) => new Session(index, agents));

    const begun = performance.now();
    await Promise.all(all.map((session) => session.register().then(() => session.live())));
    const registerSeconds = secondsSince(begun);
    console.error(`${sessions} registered in ${round(registerSeconds)} s, ${agents.failures} calls failed`);

    const assigning = performance.now();
    if (tasks > 0) child.send('apply');
    for (;;) {
      const seen = await seenBy(child);
      if (seen.nodes === sessions && seen.running === tasks) break;
      if (performance.now() - assigning > PATIENCE_MS) throw new Error(`stuck at ${JSON.stringify(seen)}`);
      await sleep(50);
    }
    const assignSeconds = secondsSince(assigning);
    console.error(`${tasks} tasks running in ${round(assignSeconds)} s, ${agents.pulls} pulls`);

    await sleep(3000); // until the effects of the beginning are over
    const lag = monitorEventLoopDelay({ resolution: LOOP_MS });
    lag.enable();
    const own = process.cpuUsage();
    const before = await usage(child.pid as number);
    const measuring = performance.now();
    agents.measuring = true;
    await sleep(seconds * 1000);
    agents.measuring = false;
    lag.disable();
    const lasted = secondsSince(measuring);
    const after = await usage(child.pid as number);
    const { user, system } = process.cpuUsage(own);
    const { down } = await seenBy(child);
    console.log(
      JSON.stringify({
        bench: 'agents',
        sessions,
        store: values.store ?? 'memory',
        registerSeconds: round(registerSeconds),
        tasks,
        assignSeconds: round(assignSeconds),
        heartbeatsPerSecond: Math.round(agents.delays.length / lasted),
        serverCores: round((after.cpuSeconds - before.cpuSeconds) / lasted, 3),
        serverRssMiB: Math.round(after.rssMiB),
        p50Ms: round(quantile(agents.delays, 0.5), 3),
        p99Ms: round(quantile(agents.delays, 0.99), 3),
        agentsCores: round((user + system) / 1e6 / lasted, 3),
        agentsLoopP99Ms: round(Math.max(0, lag.percentile(99) / 1e6 - LOOP_MS), 3),
        failures: agents.failures,
        down,
      }),
    );
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.send('end');
    await Promise.race([gone, sleep(10_000)]);
  } finally {
    child.kill('SIGKILL');
  }
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

if (values.serve === undefined) {
  await measure();
  process.exit(0);
} else await serve(values.serve);
