import type { Logger, Views } from '@gantry/core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CLOSE_REASONS, type CloseReason, type Connections } from '../http/connections.ts';
import type { PendingAnswers } from '../http/pending-answers.ts';
import type { Streams, StreamType } from '../http/streams.ts';

const STREAM_TYPES: readonly StreamType[] = ['watch', 'logs', 'exec', 'dial'];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of the server, and of the cluster when they are scraped, in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #seconds: Histogram<'route' | 'method'>;
  readonly #dropped: Counter;
  readonly #closed: Counter<'reason'>;

  constructor(
    views: Views,
    streams: Streams,
    connections: Connections,
    answers: PendingAnswers,
    logger: Logger,
  ) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'gantry_api_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'gantry_api_request_seconds',
      help: 'Duration of responses, without streams.',
      labelNames: ['route', 'method'],
      buckets: SECONDS,
      registers,
    });
    this.#dropped = new Counter({
      name: 'gantry_api_watches_dropped_total',
      help: 'Watches ended because they lagged too far behind.',
      registers,
    });
    this.#closed = new Counter({
      name: 'gantry_api_connections_closed_total',
      help: 'Connections closed by the server: over a limit (total, address), or too slow (headers, handshake, unread).',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of CLOSE_REASONS) this.#closed.inc({ reason }, 0);
    addStreamMetrics(registers, streams);
    addConnectionMetrics(registers, connections);
    new Gauge({
      name: 'gantry_api_unread_bytes',
      help: 'Bytes of answers that their clients have not read yet.',
      registers,
      collect() {
        this.set(answers.bytes);
      },
    });
    addClusterMetrics(registers, views);
    addProcessMetrics(registers);
    new Counter({
      name: 'gantry_log_lines_lost_total',
      help: 'Log lines that could not be written: the disk was full, or their reader was gone or did not read.',
      registers,
      collect() {
        this.reset();
        this.inc(logger.lost?.() ?? 0);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts a response. `seconds`: absent for a stream. */
  answered(route: string, method: string, status: number, seconds: number | undefined): void {
    this.#requests.inc({ route, method, status });
    if (seconds !== undefined) this.#seconds.observe({ route, method }, seconds);
  }

  dropped(): void {
    this.#dropped.inc();
  }

  closed(reason: CloseReason): void {
    this.#closed.inc({ reason });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function addStreamMetrics(registers: Registry[], streams: Streams): void {
  new Gauge({
    name: 'gantry_api_streams',
    help: 'Watches, logs, execs and dials that are open.',
    labelNames: ['type'],
    registers,
    collect() {
      for (const type of STREAM_TYPES) this.set({ type }, streams.count(type));
    },
  });
  const rejected = new Counter({
    name: 'gantry_api_streams_rejected_total',
    help: 'Watches, logs, execs and dials that were rejected because of a limit.',
    labelNames: ['type'],
    registers,
  });
  for (const type of STREAM_TYPES) rejected.inc({ type }, 0);
  streams.onRejected((type) => rejected.inc({ type }));
}

function addConnectionMetrics(registers: Registry[], connections: Connections): void {
  new Gauge({
    name: 'gantry_api_connections',
    help: 'Connections that are open.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'idle' }, connections.idle);
      this.set({ state: 'active' }, connections.count - connections.idle);
    },
  });
  new Gauge({
    name: 'gantry_api_connections_max',
    help: 'Connections that may be open.',
    registers,
    collect() {
      this.set(connections.limits.connections);
    },
  });
}

/** Kinds whose objects are counted by their state. */
const BY_STATE = Object.freeze({ task: 'Tasks', node: 'Nodes' });
type StateKind = keyof typeof BY_STATE;

function addClusterMetrics(registers: Registry[], views: Views): void {
  new Gauge({
    name: 'gantry_services',
    help: 'Services.',
    registers,
    collect() {
      this.set(views.of('service').size);
    },
  });
  for (const [kind, what] of Object.entries(BY_STATE) as [StateKind, string][]) {
    new Gauge({
      name: `gantry_${kind}s`,
      help: `${what} by state.`,
      labelNames: ['state'],
      registers,
      collect() {
        const counts = new Map<string, number>();
        for (const { value } of views.of(kind).all()) {
          const { state } = value.status;
          counts.set(state, (counts.get(state) ?? 0) + 1);
        }
        this.reset();
        for (const [state, count] of counts) this.set({ state }, count);
      },
    });
  }
}

/** Replaces prom-client's default set, which leaves observers behind in the process when a server is closed. */
function addProcessMetrics(registers: Registry[]): void {
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap in use.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: 'process_cpu_seconds_total',
    help: 'CPU time used.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1_000_000);
    },
  });
}
