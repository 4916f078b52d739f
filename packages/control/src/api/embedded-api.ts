import {
  type Admission,
  type Bus,
  type Clock,
  type ClusterInfo,
  GantryError,
  type Lifecycle,
  type PlacementAdvisor,
  type Random,
  type Scheduler,
  type Servers,
  type Store,
  throwIfAborted,
  type Views,
} from '@gantry/core';
import type {
  ApplyOptions,
  CallOptions,
  ClusterApi,
  ClusterSummary,
  DialOptions,
  ExecOptions,
  ExecSession,
  ExplainResult,
  ListOptions,
  ListResult,
  LogLine,
  LogOptions,
  PatchOptions,
  PlannedService,
  TaskStats,
  WaitOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '@gantry/core/api';
import {
  type AnyInput,
  type AnyObject,
  type Availability,
  type InputKind,
  type InputMap,
  type Kind,
  type KindDefinition,
  type KindMap,
  type KindTable,
  kindTable,
  type Node,
  type Server,
  type Service,
} from '@gantry/core/model';
import type { Subjects } from '@gantry/core/protocol';
import { clusterUid, summaryOf } from './cluster-summary.ts';
import { dialTask } from './dial.ts';
import { execInTask } from './exec.ts';
import { explainService, explainTask } from './explain.ts';
import { listKind } from './list.ts';
import { previousTasks, serviceLogs, taskLogs } from './logs.ts';
import { ObjectWrites } from './object-writes.ts';
import { planServices } from './plan-services.ts';
import { present } from './present.ts';
import { nodeStats } from './stats.ts';
import { waitFor } from './wait.ts';
import { watchKind } from './watch.ts';
import { ObjectWriter } from './writer.ts';

interface Parts {
  readonly cluster: ClusterInfo;
  readonly store: Store;
  readonly views: Views;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly schedulers: readonly Scheduler[];
  readonly admissions: readonly Admission[];
  readonly kinds: readonly KindDefinition[];
  readonly advisor: PlacementAdvisor;
  readonly servers: Servers;
}

/** The cluster's API inside the control plane's process: reads from views, writes through the store. */
export class EmbeddedApi implements ClusterApi, Lifecycle {
  readonly #parts: Parts;
  readonly #kinds: KindTable;
  readonly #writes: ObjectWrites;
  readonly #stop = new AbortController();
  #uid = '';

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#kinds = kindTable(parts.kinds);
    this.#writes = new ObjectWrites({ ...parts, kinds: this.#kinds, writer: new ObjectWriter(parts) });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#uid = await clusterUid(this.#parts.store, this.#parts.random, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new GantryError('CLOSED', 'the cluster is closed'));
    this.#writes[Symbol.dispose]();
  }

  async info(options: CallOptions = {}): Promise<ClusterSummary> {
    this.#admit(options.signal);
    return await summaryOf(this.#parts, this.#uid, options.signal);
  }

  async create<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    options: WriteOptions = {},
  ): Promise<KindMap[K]> {
    this.#admit(options.signal);
    return this.#writes.create<K>(input, options);
  }

  async apply<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    options: ApplyOptions = {},
  ): Promise<KindMap[K]> {
    this.#admit(options.signal);
    return this.#writes.apply<K>(input, options);
  }

  async applyAll(inputs: readonly AnyInput[], options: ApplyOptions = {}): Promise<readonly AnyObject[]> {
    this.#admit(options.signal);
    return this.#writes.applyAll(inputs, options);
  }

  async patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options: PatchOptions = {},
  ): Promise<KindMap[K]> {
    this.#admit(options.signal);
    return this.#writes.patch(kind, id, patch, options);
  }

  async get<K extends Kind>(kind: K, id: string, options: CallOptions = {}): Promise<KindMap[K]> {
    this.#admit(options.signal);
    const entry = this.#parts.views.of(kind).get(id);
    if (entry === undefined) throw new GantryError('NOT_FOUND', `${kind} "${id}" not found`);
    return present(entry, this.#kinds);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ListResult<KindMap[K]>> {
    this.#admit(options.signal);
    return listKind(this.#parts.views.of(kind), this.#kinds, options);
  }

  async *watch<K extends Kind>(
    kind: K,
    options: WatchOptions = {},
  ): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
    this.#admit(options.signal);
    const left = new AbortController();
    try {
      const signal = AbortSignal.any([left.signal, this.#untilClosed(options.signal)]);
      yield* watchKind(this.#parts.store, this.#parts.views.of(kind), this.#kinds, { ...options, signal });
    } finally {
      left.abort();
    }
  }

  async delete(kind: Kind, id: string, options: WriteOptions = {}): Promise<void> {
    this.#admit(options.signal);
    return this.#writes.delete(kind, id, options);
  }

  async scale(service: string, replicas: number, options: WriteOptions = {}): Promise<Service> {
    this.#admit(options.signal);
    return this.#writes.scale(service, replicas, options);
  }

  async rollback(
    service: string,
    options: WriteOptions & { to?: string | undefined } = {},
  ): Promise<Service> {
    this.#admit(options.signal);
    return this.#writes.rollback(service, options);
  }

  async restart(service: string, options: WriteOptions = {}): Promise<Service> {
    this.#admit(options.signal);
    return this.#writes.restart(service, options);
  }

  async setAvailability(node: string, availability: Availability, options: WriteOptions = {}): Promise<Node> {
    this.#admit(options.signal);
    return this.#writes.setAvailability(node, availability, options);
  }

  async plan(inputs: readonly AnyInput[], options: ApplyOptions = {}): Promise<readonly PlannedService[]> {
    this.#admit(options.signal);
    const written = this.#writes.checked(inputs, options);
    const services = written
      .map((each) => this.#writes.rehearsed(each, options) as AnyObject)
      .filter((object): object is Service => object.kind === 'service');
    return planServices(services, this.#parts.views, this.#parts.advisor);
  }

  async wait<K extends Kind>(
    kind: K,
    id: string,
    condition: string | ((object: KindMap[K]) => boolean),
    options: WaitOptions = {},
  ): Promise<KindMap[K] | undefined> {
    const signal = this.#untilClosed(options.signal);
    const { views, clock } = this.#parts;
    return waitFor(views.of(kind), this.#kinds, clock, id, condition, { ...options, signal });
  }

  async *logs(
    of: { task: string } | { service: string },
    options: LogOptions = {},
  ): AsyncIterable<readonly LogLine[]> {
    const { bus, subjects, views } = this.#parts;
    const live = { ...options, signal: this.#untilClosed(options.signal) };
    const tasks = views.of('task');
    const object = 'task' in of ? await this.get('task', of.task) : await this.get('service', of.service);
    if (options.previous) {
      for (const task of previousTasks(tasks, object)) yield* taskLogs(bus, subjects, task, live);
    } else if (object.kind === 'task') yield* taskLogs(bus, subjects, object, live);
    else yield* serviceLogs(bus, subjects, tasks, 'service' in of ? of.service : '', live);
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    return execInTask(this.#parts, await this.get('task', task), options);
  }

  async *dial(task: string, options: DialOptions): AsyncIterable<Uint8Array> {
    const { bus, subjects } = this.#parts;
    yield* dialTask(bus, subjects, await this.get('task', task), options);
  }

  async stats(options: CallOptions & { node?: string | undefined } = {}): Promise<readonly TaskStats[]> {
    const { node, signal } = options;
    this.#admit(signal);
    const nodes = node === undefined ? (await this.list('node')).items : [await this.get('node', node)];
    const up = nodes.filter(({ status }) => status.state === 'ready').map(({ meta }) => meta.name);
    return nodeStats(this.#parts.bus, this.#parts.subjects, up, signal);
  }

  async servers(options: CallOptions = {}): Promise<readonly Server[]> {
    this.#admit(options.signal);
    return this.#parts.servers.list();
  }

  async explain(kind: 'service' | 'task', id: string, options: CallOptions = {}): Promise<ExplainResult> {
    this.#admit(options.signal);
    const { views, advisor, clock } = this.#parts;
    const parts = { views, advisor, clock };
    return kind === 'task' ? explainTask(parts, id) : explainService(parts, id);
  }

  /** Fires when the caller's signal does, and when the cluster is closed. */
  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, signal]);
  }

  #admit(signal: AbortSignal | undefined): void {
    throwIfAborted(this.#stop.signal);
    throwIfAborted(signal);
  }
}
