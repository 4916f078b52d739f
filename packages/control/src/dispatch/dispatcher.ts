import {
  assignmentOf,
  type Bus,
  type BusMessage,
  type Clock,
  type Component,
  type Entry,
  type EventRecorder,
  GantryError,
  type HeartbeatReply,
  type HeartbeatRequest,
  type IngressReply,
  type IngressRequest,
  idBeside,
  idOf,
  isFinal,
  isGantryError,
  type KindMap,
  keyOf,
  type Logger,
  messages,
  type NetworkSpec,
  type PullReply,
  type PullRequest,
  type Random,
  type RegisterReply,
  type RegisterRequest,
  type ReportReply,
  type ReportRequest,
  randomId,
  type Store,
  type Subjects,
  type Task,
  type TemplateSpec,
  toGantryError,
  type ViewEvent,
  type Views,
} from '@gantry/core';
import { AssignmentLog } from './assignment-log.ts';
import { IngressHub } from './ingress-hub.ts';
import { Liveness } from './liveness.ts';
import type { NodeWriter } from './nodes.ts';
import type { PublishedPorts } from './published-ports.ts';
import { recordEjections } from './record-ejections.ts';
import { recordEnd } from './record-end.ts';
import { writeReports } from './reports.ts';
import type { Sessions } from './sessions.ts';

/** Events of one report that are recorded. */
const MAX_EVENTS = 100;
/** First and longest delay before a registration that could not be stored is stored again, ms. */
const RECORD_RETRY_MS = 500;
const MAX_RECORD_RETRY_MS = 5000;

export interface DispatcherOptions {
  /** Interval between an agent's heartbeats, ms. */
  readonly heartbeatMs: number;
  /** A node without a heartbeat for this long is down, ms. */
  readonly downAfterMs: number;
}

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly subjects: Subjects;
  readonly sessions: Sessions;
  readonly nodes: NodeWriter;
  readonly published: PublishedPorts;
  readonly events: EventRecorder;
}

/** The control plane's side of the protocol: answers agents and load balancers, and tells them when to ask. */
export class Dispatcher implements Component {
  readonly name = 'dispatcher';
  readonly #parts: Parts;
  readonly #options: DispatcherOptions;
  readonly #stops: (() => void)[] = [];
  #log = new AssignmentLog(0);
  /** Newest revision of anything assigned to a node. */
  readonly #newest = new Map<string, number>();
  /** Tasks to which load balancers no longer send traffic, by node. */
  readonly #drained = new Map<string, Set<string>>();
  #ingress: IngressHub | undefined;
  #startedAt = 0;

  constructor(parts: Parts, options: DispatcherOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus, views, clock, random, subjects } = this.#parts;
    this.#startedAt = clock.elapsed();
    const ingress = new IngressHub(views, clock, randomId(random));
    this.#ingress = ingress;
    for (const { value } of views.of('node').all()) {
      const { state, session, agent } = value.status;
      if (state === 'ready' && agent !== undefined)
        this.#parts.sessions.inherit(value.meta.name, session, agent);
    }
    this.#log = new AssignmentLog(views.of('task').revision);
    for (const { value, revision } of views.of('task').all()) this.#note(value.spec.node, revision);
    const refresh = (): void => {
      if (ingress.refresh()) bus.publish(subjects.ingressHint, null);
    };
    // No queue group: a former leader that was halted is still subscribed, and would be given its share.
    const answer = <Request, Reply>(
      subject: string,
      parse: (payload: unknown) => Request,
      handler: (request: Request) => Promise<Reply>,
    ): (() => void) => bus.respond(subject, async ({ payload }: BusMessage) => handler(parse(payload)));
    this.#stops.push(
      answer(subjects.register, messages.register, (request) => this.#register(request)),
      answer(subjects.heartbeat, messages.heartbeat, (request) => this.#heartbeat(request)),
      answer(subjects.pull, messages.pull, (request) => this.#pull(request)),
      answer(subjects.report, messages.report, (request) => this.#report(request)),
      answer(subjects.ingress, messages.ingress, (request) => this.#answerIngress(request)),
      views.of('task').subscribe((events) => {
        this.#hint(events);
        ingress.noteTasks(events);
        refresh();
      }),
      views.of('service').subscribe((events) => {
        ingress.noteServices(events);
        refresh();
      }),
      views.of('network').subscribe(() => {
        ingress.noteNetworks();
        bus.publish(subjects.ingressHint, null);
      }),
      views.of('node').subscribe((events) => {
        for (const { name, after } of events) if (after === undefined) this.#forget(name);
        ingress.noteNodes(events);
        refresh();
      }),
    );
    // Those who knew another dispatcher are to find this one.
    bus.publish(subjects.leaderHint, null);
    bus.publish(subjects.ingressHint, null);
    this.#watchLiveness();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #register(request: RegisterRequest): Promise<RegisterReply> {
    this.#parts.sessions.check(request, this.#options.downAfterMs);
    this.#parts.sessions.open(request.node, request.session, request.agent);
    try {
      await this.#parts.nodes.register(request);
    } catch (error) {
      // While the disk is full, a known node is served as it was stored, and is written with a later registration.
      const isKnown = this.#parts.views.of('node').get(request.node) !== undefined;
      if (!isKnown || !isGantryError(error, 'EXHAUSTED')) throw error;
      this.#parts.logger.warn('a node could not be recorded', { node: request.node, error });
      this.#recordLater(request, RECORD_RETRY_MS);
    }
    return { heartbeatMs: this.#options.heartbeatMs };
  }

  /** Records a node's registration as soon as the store takes it, unless another session has begun by then. */
  #recordLater(request: RegisterRequest, ms: number): void {
    const { clock, nodes, sessions } = this.#parts;
    const cancel = clock.after(ms, () => {
      if (!sessions.touches(request.node, request.session)) return;
      nodes.register(request).catch(() => this.#recordLater(request, Math.min(MAX_RECORD_RETRY_MS, ms * 2)));
    });
    this.#stops.push(cancel);
  }

  async #heartbeat({ node, session }: HeartbeatRequest): Promise<HeartbeatReply> {
    this.#admit(node, session);
    if (this.#parts.views.of('node').get(node)?.value.status.state === 'down') {
      await this.#parts.nodes.setState(node, 'ready', 'its agent is in contact again');
    }
    return { revision: this.#newest.get(node) ?? 0 };
  }

  async #pull({ node, session, since }: PullRequest): Promise<PullReply> {
    this.#admit(node, session);
    const tasks = this.#parts.views.of('task');
    const revision = Math.max(1, since, tasks.revision);
    const changed = since === 0 ? undefined : this.#log.since(node, since);
    const entries = [...(changed === undefined ? tasks.by('node', node) : this.#those(node, changed))];
    const assignments = entries.map(({ value }) => assignmentOf(value, this.#isDrained(node, value)));
    const alive = entries.filter(({ value }) => !isFinal(value.status.state));
    const here = new Set(assignments.map(({ name }) => name));
    const removed = [...(changed ?? [])].filter((task) => !here.has(task));
    return { revision, full: changed === undefined, assignments, removed, ...(await this.#specsOf(alive)) };
  }

  /** The tasks of a node among these, and those that are drained: that is in no revision. */
  *#those(node: string, names: ReadonlySet<string>): Iterable<Entry<Task>> {
    for (const name of new Set([...names, ...(this.#drained.get(node) ?? [])])) {
      const entry = this.#parts.views.of('task').get(name);
      if (entry?.value.spec.node === node) yield entry;
    }
  }

  /**
   * Returns what an agent needs to run these tasks. Views may lag behind each other: objects that a view lacks are read
   * from the store.
   */
  async #specsOf(entries: readonly Entry<Task>[]): Promise<Pick<PullReply, 'templates' | 'networks'>> {
    const templates: Record<string, TemplateSpec> = {};
    const networks: Record<string, NetworkSpec> = {};
    for (const { value } of entries) {
      const { template } = value.spec;
      const spec = templates[template] ?? (await this.#read('template', template))?.spec;
      if (spec === undefined) continue;
      templates[template] = spec;
      for (const { name } of spec.networks) {
        const network = idBeside(idOf(value.meta), name);
        const known = networks[network] ?? (await this.#read('network', network))?.spec;
        if (known !== undefined) networks[network] = known;
      }
    }
    return { templates, networks };
  }

  async #read<K extends 'template' | 'network'>(kind: K, id: string): Promise<KindMap[K] | undefined> {
    const { views, store } = this.#parts;
    const known = views.of(kind).get(id)?.value;
    return known ?? ((await store.get(keyOf(kind, id)))?.value as KindMap[K] | undefined);
  }

  async #report({ node, session, statuses, events = [] }: ReportRequest): Promise<ReportReply> {
    this.#admit(node, session);
    const tasks = this.#parts.views.of('task');
    const unknown = await writeReports(this.#parts.store, tasks, node, statuses, (task, status) =>
      recordEnd(this.#parts.events, task, status),
    );
    for (const { task, type, reason, message, count } of events.slice(0, MAX_EVENTS)) {
      if (tasks.get(task)?.value.spec.node !== node) continue;
      this.#parts.events.record({ kind: 'task', name: task }, type, reason, message, count);
    }
    return { unknown };
  }

  async #answerIngress(request: IngressRequest): Promise<IngressReply> {
    const ingress = this.#ingress as IngressHub;
    const { reply, drained } = ingress.answer(request);
    for (const task of drained) this.#markDrained(task);
    this.#parts.published.note(request.statuses);
    const ejections = (request.ejections ?? []).slice(0, MAX_EVENTS);
    const known = ejections.filter(({ frontend, backend }) => ingress.hasBackend(frontend, backend));
    recordEjections(this.#parts.events, known);
    return reply;
  }

  /** Whether the task is asked to stop and no load balancer sends it traffic any longer, or none has ever known it. */
  #isDrained(node: string, { meta, spec }: Task): boolean {
    if (spec.desired !== 'shutdown') return false;
    const id = idOf(meta);
    return this.#drained.get(node)?.has(id) === true || this.#ingress?.isDrained(id) === true;
  }

  #markDrained(task: string): void {
    const node = this.#parts.views.of('task').get(task)?.value.spec.node;
    if (node === undefined) return;
    this.#drained.set(node, (this.#drained.get(node) ?? new Set()).add(task));
    this.#parts.bus.publish(this.#parts.subjects.nodeHint(node), null);
  }

  #admit(node: string, session: string): void {
    if (this.#parts.sessions.touch(node, session)) return;
    throw new GantryError('CONFLICT', `node ${node}: session ${session} is not the current one: register`);
  }

  #note(node: string | undefined, revision: number): void {
    if (node !== undefined && revision > (this.#newest.get(node) ?? 0)) this.#newest.set(node, revision);
  }

  /** One hint per node and batch, however many tasks changed; what the agent itself reported needs none. */
  #hint(events: readonly ViewEvent<'task'>[]): void {
    const touched = new Set<string>();
    const { revision } = this.#parts.views.of('task'); // that of the whole batch: agents ask between batches
    for (const { name, before, after } of events) {
      const node = (after ?? before)?.value.spec.node;
      if (node === undefined) continue;
      if (after === undefined) this.#drained.get(node)?.delete(name);
      else if (before !== undefined && before.value.spec === after.value.spec) continue;
      this.#log.add(node, name, revision);
      this.#note(node, revision);
      touched.add(node);
    }
    for (const node of touched) this.#parts.bus.publish(this.#parts.subjects.nodeHint(node), null);
  }

  #forget(node: string): void {
    this.#log.forget(node);
    this.#drained.delete(node);
    this.#newest.delete(node);
    this.#parts.sessions.forget(node);
  }

  /** Looks for silent nodes, all at once. After a start every node gets the time to find us. */
  #watchLiveness(): void {
    const { clock, views, sessions, nodes, logger } = this.#parts;
    const { heartbeatMs, downAfterMs } = this.#options;
    const liveness = new Liveness({ heartbeatMs, downAfterMs });
    let cancel = (): void => {};
    const look = (): void => {
      const silences = new Map<string, number>();
      for (const { value } of views.of('node').all()) {
        const { name } = value.meta;
        if (value.status.state !== 'down')
          silences.set(name, sessions.silentFor(name) ?? clock.elapsed() - this.#startedAt);
      }
      const wasDeaf = liveness.deaf;
      for (const name of liveness.downOf(silences, clock.elapsed())) {
        const message = `its agent was silent for ${Math.round(silences.get(name) ?? 0)} ms`;
        nodes.setState(name, 'down', message).catch((error: unknown) => {
          logger.warn('a node could not be marked down', { node: name, error: toGantryError(error) });
        });
      }
      if (liveness.deaf && !wasDeaf)
        logger.warn('no node sends heartbeats: this server may be partitioned', { nodes: silences.size });
      cancel = clock.after(heartbeatMs / 2, look);
    };
    cancel = clock.after(heartbeatMs / 2, look);
    this.#stops.push(() => cancel());
  }
}
