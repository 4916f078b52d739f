import {
  type Admission,
  type AnyInput,
  type AnyObject,
  type Availability,
  type Bus,
  type CallOptions,
  type Clock,
  type ClusterApi,
  type ExecOptions,
  type ExecSession,
  type ExplainResult,
  GantryError,
  type InputKind,
  type InputMap,
  invalidObject,
  type Kind,
  type KindMap,
  type ListOptions,
  type ListResult,
  type LogLine,
  type LogOptions,
  type Node,
  type PlacementAdvisor,
  type Random,
  randomId,
  type Scheduler,
  type Service,
  type ServiceSpec,
  type Store,
  type Subjects,
  type Task,
  throwIfAborted,
  type Validated,
  type Views,
  validateInput,
  type WaitOptions,
  type WatchEvent,
  type WatchOptions,
} from '@gantry/core';
import { shutDown } from '../service/service-controller.ts';
import { applyInput, checkReferences, refuseDoubles } from './apply.ts';
import { execInTask } from './exec.ts';
import { explainService, explainTask } from './explain.ts';
import { serviceLogs, taskLogs } from './logs.ts';
import { present } from './present.ts';
import { waitFor } from './wait.ts';
import { matcher, watchKind } from './watch.ts';
import { checkRevision, ObjectWriter } from './writer.ts';

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly schedulers: readonly Scheduler[];
  readonly admissions: readonly Admission[];
  readonly advisor: PlacementAdvisor;
}

/** The cluster's API inside the process that is the control plane: reads from views, writes through the store. */
export class EmbeddedApi implements ClusterApi, AsyncDisposable {
  readonly #parts: Parts;
  readonly #writer: ObjectWriter;
  readonly #stop = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#writer = new ObjectWriter(parts.store, parts.views, parts.admissions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new GantryError('CLOSED', 'the cluster is closed'));
  }

  async apply<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    options: CallOptions = {},
  ): Promise<KindMap[K]> {
    const valid = validateInput<K>(input);
    this.#check(valid, new Set());
    return this.#store(valid, options.signal);
  }

  async applyAll(inputs: readonly AnyInput[], options: CallOptions = {}): Promise<readonly AnyObject[]> {
    const valid = inputs.map((input) => validateInput<InputKind>(input));
    const networks = new Set(valid.filter(({ kind }) => kind === 'network').map(({ meta }) => meta.name));
    refuseDoubles(valid);
    for (const each of valid) this.#check(each, networks);
    for (const each of valid) this.#rehearse(each);
    const order: readonly InputKind[] = ['network', 'node', 'service'];
    const stored = new Map<Validated<InputKind>, AnyObject>();
    for (const each of valid.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
      stored.set(each, await this.#store(each, options.signal));
    }
    return valid.map((each) => stored.get(each) as AnyObject);
  }

  async get<K extends Kind>(kind: K, name: string, options: CallOptions = {}): Promise<KindMap[K]> {
    this.#admit(options.signal);
    const entry = this.#parts.views.of(kind).get(name);
    if (entry === undefined) throw new GantryError('NOT_FOUND', `there is no ${kind} ${name}`);
    return present(entry);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ListResult<KindMap[K]>> {
    this.#admit(options.signal);
    const view = this.#parts.views.of(kind);
    const matches = matcher<K>(options);
    const items: KindMap[K][] = [];
    for (const entry of view.all()) if (matches(entry.value)) items.push(present(entry));
    items.sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1));
    return { items, revision: view.revision };
  }

  async *watch<K extends Kind>(
    kind: K,
    options: WatchOptions = {},
  ): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
    this.#admit(options.signal);
    const left = new AbortController();
    const signals = [
      this.#stop.signal,
      left.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ];
    try {
      const signal = AbortSignal.any(signals);
      yield* watchKind(this.#parts.store, this.#parts.views.of(kind), { ...options, signal });
    } finally {
      left.abort();
    }
  }

  async delete(kind: Kind, name: string, options: CallOptions = {}): Promise<void> {
    this.#admit(options.signal);
    const entry = this.#parts.views.of(kind).get(name);
    if (entry === undefined) throw new GantryError('NOT_FOUND', `there is no ${kind} ${name}`);
    const now = this.#parts.clock.now();
    switch (kind) {
      case 'service':
        await this.#update('service', name, options, (service) =>
          service.meta.deletedAt === undefined
            ? { ...service, meta: { ...service.meta, deletedAt: now } }
            : service,
        );
        return;
      case 'task':
        await this.#update('task', name, options, (task: Task) =>
          task.spec.desired === 'shutdown' ? task : shutDown(task, 'it was deleted', now),
        );
        return;
      case 'node':
        if ((entry.value as Node).status.state !== 'down') {
          throw new GantryError('CONFLICT', `node ${name} is up: stop its agent first`);
        }
        break;
      case 'network':
        this.#refuseNetworkInUse(name);
        break;
      case 'template':
        throw new GantryError('UNSUPPORTED', 'templates go by themselves, once nothing points at them');
      default:
        break;
    }
    await this.#writer.remove(kind, entry, options.signal);
  }

  async scale(service: string, replicas: number, options: CallOptions = {}): Promise<Service> {
    return this.#changeSpec(service, options, (current) => {
      if (current.spec.mode === 'global') {
        throw invalidObject(`service ${service}`, [
          { path: 'spec.replicas', message: 'a global service runs one task on each node' },
        ]);
      }
      return { ...current.spec, replicas };
    });
  }

  async rollback(service: string, options: CallOptions & { to?: string } = {}): Promise<Service> {
    return this.#changeSpec(service, options, (current) => {
      const to = options.to ?? current.status.history[0]?.template;
      const template = to === undefined ? undefined : this.#parts.views.of('template').get(to)?.value.spec;
      if (template === undefined) {
        const what = options.to === undefined ? 'an earlier template' : `a template ${options.to}`;
        throw new GantryError('NOT_FOUND', `service ${service} has no ${what.replace(/^an? /, '')}`);
      }
      return { ...current.spec, template };
    });
  }

  async restart(service: string, options: CallOptions = {}): Promise<Service> {
    const restartedAt = this.#parts.clock.now();
    return this.#changeSpec(service, options, (current) => ({ ...current.spec, restartedAt }));
  }

  async setAvailability(node: string, availability: Availability, options: CallOptions = {}): Promise<Node> {
    return this.#update('node', node, options, (current) =>
      current.spec.availability === availability
        ? current
        : {
            ...current,
            meta: { ...current.meta, generation: current.meta.generation + 1 },
            spec: { availability },
          },
    );
  }

  async wait<K extends Kind>(
    kind: K,
    name: string,
    condition: string | ((object: KindMap[K]) => boolean),
    options: WaitOptions = {},
  ): Promise<KindMap[K] | undefined> {
    const signal = this.#untilClosed(options.signal);
    return waitFor(this.#parts.views.of(kind), this.#parts.clock, name, condition, { ...options, signal });
  }

  async *logs(
    of: { task: string } | { service: string },
    options: LogOptions = {},
  ): AsyncIterable<readonly LogLine[]> {
    const { bus, subjects, views } = this.#parts;
    const signal = this.#untilClosed(options.signal);
    if ('task' in of) yield* taskLogs(bus, subjects, await this.get('task', of.task), { ...options, signal });
    else {
      await this.get('service', of.service);
      yield* serviceLogs(bus, subjects, views.of('task'), of.service, { ...options, signal });
    }
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    return execInTask(this.#parts.bus, this.#parts.subjects, await this.get('task', task), options);
  }

  async explain(kind: 'service' | 'task', name: string, options: CallOptions = {}): Promise<ExplainResult> {
    this.#admit(options.signal);
    const { views, advisor } = this.#parts;
    return kind === 'task' ? explainTask(views, advisor, name) : explainService(views, advisor, name);
  }

  /** Fires when the caller's signal does, and when the cluster is closed. */
  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal === undefined ? [this.#stop.signal] : [this.#stop.signal, signal]);
  }

  #admit(signal: AbortSignal | undefined): void {
    throwIfAborted(this.#stop.signal);
    throwIfAborted(signal);
  }

  #check(input: Validated<InputKind>, networks: ReadonlySet<string>): void {
    this.#admit(undefined);
    if (input.kind === 'service') checkReferences(input, this.#parts.views, this.#parts.schedulers, networks);
  }

  /** Refuses beforehand what storing it would refuse, as far as this process knows what is stored. */
  #rehearse(input: Validated<InputKind>): void {
    const { kind } = input;
    const { name, revision } = input.meta;
    const entry = this.#parts.views.of(kind).get(name);
    checkRevision(kind, name, entry?.revision, revision);
    applyInput(input, entry?.value, { now: 0, uid: () => '' });
  }

  async #store<K extends InputKind>(
    input: Validated<K>,
    signal: AbortSignal | undefined,
  ): Promise<KindMap[K]> {
    const { clock, random } = this.#parts;
    const context = { now: clock.now(), uid: () => randomId(random) };
    const kind = input.kind as K;
    const entry = await this.#writer.write(
      kind,
      input.meta.name,
      (current) => applyInput(input, current, context),
      {
        expect: input.meta.revision,
        signal,
      },
    );
    return present(entry);
  }

  /** Changes what the user wants of a service, checked as if he had applied it. */
  #changeSpec(
    name: string,
    options: CallOptions,
    change: (service: Service) => ServiceSpec,
  ): Promise<Service> {
    return this.#update('service', name, options, (current) => {
      const { meta } = current;
      const input = {
        kind: 'service',
        meta: { name: meta.name, labels: meta.labels },
        spec: change(current),
      };
      const valid = validateInput<'service'>(input);
      return applyInput<'service'>(valid, current, { now: 0, uid: () => meta.uid });
    });
  }

  async #update<K extends Kind>(
    kind: K,
    name: string,
    { signal }: CallOptions,
    change: (current: KindMap[K]) => KindMap[K],
  ): Promise<KindMap[K]> {
    this.#admit(signal);
    const entry = await this.#writer.write(
      kind,
      name,
      (current) => {
        if (current === undefined) throw new GantryError('NOT_FOUND', `there is no ${kind} ${name}`);
        return change(current);
      },
      { signal },
    );
    return present(entry);
  }

  #refuseNetworkInUse(name: string): void {
    for (const { value } of this.#parts.views.of('service').all()) {
      if (value.spec.template.networks.some((network) => network.name === name)) {
        throw new GantryError('CONFLICT', `network ${name} is used by service ${value.meta.name}`);
      }
    }
  }
}
