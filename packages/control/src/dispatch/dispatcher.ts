import {
  type Bus,
  type Clock,
  type Component,
  type EventRecorder,
  GantryError,
  type Logger,
  type Random,
  type Store,
  type Views,
} from '@gantry/core';
import { randomId } from '@gantry/core/primitives';
import {
  checkSender,
  type HeartbeatReply,
  type HeartbeatRequest,
  type IngressReply,
  type IngressRequest,
  messages,
  type PullReply,
  type PullRequest,
  type RegisterReply,
  type RegisterRequest,
  type ReportReply,
  type ReportRequest,
  type Subjects,
} from '@gantry/core/protocol';
import { Assignments } from './assignments.ts';
import { IngressHub } from './ingress-hub.ts';
import { watchLiveness } from './liveness-watch.ts';
import type { NodeWriter } from './nodes.ts';
import type { PublishedPorts } from './published-ports.ts';
import { recordEjections } from './record-ejections.ts';
import { recordEnd } from './record-end.ts';
import { Registrations } from './registrations.ts';
import { writeReports } from './reports.ts';
import type { Sessions } from './sessions.ts';

/** Maximum number of events of one report that are recorded. */
const MAX_EVENTS = 100;

export interface DispatcherOptions {
  /** Interval between the heartbeats of an agent, ms. */
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

/**
 * The control plane's side of the protocol: answers agents and load balancers, and hints when they should poll. A
 * request speaks only for the node or machine that its subject names.
 */
export class Dispatcher implements Component {
  readonly name = 'dispatcher';
  readonly #parts: Parts;
  readonly #options: DispatcherOptions;
  readonly #stops: (() => void)[] = [];
  readonly #registrations: Registrations;

  constructor(parts: Parts, options: DispatcherOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#registrations = new Registrations(parts);
  }

  async start(): Promise<void> {
    const { bus, views, clock, random, store, sessions, subjects } = this.#parts;
    const ingress = new IngressHub(views, clock, randomId(random));
    const assignments = new Assignments({ store, views, isDrained: (task) => ingress.isDrained(task) });
    for (const { value } of views.of('node').all()) {
      const { state, session, agent } = value.status;
      if (state === 'ready' && agent !== undefined) sessions.inherit(value.meta.name, session, agent);
    }
    const { register, heartbeat, pull, report } = subjects.dispatch('*');
    this.#stops.push(
      () => this.#registrations.close(),
      this.#answer(register, messages.register, (node, request) => this.#register(node, request)),
      this.#answer(heartbeat, messages.heartbeat, (node, request) =>
        this.#heartbeat(assignments, node, request),
      ),
      this.#answer(pull, messages.pull, (node, request) => this.#pull(assignments, node, request)),
      this.#answer(report, messages.report, (node, request) => this.#report(node, request)),
      this.#answer(subjects.ingress('*'), messages.ingress, async (machine, request) =>
        this.#exchange(ingress, assignments, machine, request),
      ),
      ...this.#follow(ingress, assignments),
      watchLiveness(this.#parts, this.#options),
    );
    // Agents and load balancers of another dispatcher should find this one.
    bus.publish(subjects.leaderHint, null);
    bus.publish(subjects.ingressHint, null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** No queue group: a former leader that was suspended is still subscribed, and would receive its share. */
  #answer<Request, Reply>(
    pattern: string,
    parse: (payload: unknown) => Request,
    handler: (sender: string, request: Request) => Promise<Reply>,
  ): () => void {
    const { bus, subjects } = this.#parts;
    return bus.respond(pattern, async ({ subject, payload }) =>
      handler(checkSender(subjects.senderOf(subject)), parse(payload)),
    );
  }

  /** Hints at every change for which an agent or a load balancer should poll. */
  #follow(ingress: IngressHub, assignments: Assignments): (() => void)[] {
    const { bus, views, subjects, sessions } = this.#parts;
    const refresh = (): void => {
      if (ingress.refresh()) bus.publish(subjects.ingressHint, null);
    };
    return [
      views.of('task').subscribe((events) => {
        // One hint per node and batch, however many tasks have changed.
        for (const node of assignments.note(events)) bus.publish(subjects.nodeHint(node), null);
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
        for (const { name, after } of events) {
          if (after !== undefined) continue;
          assignments.forget(name);
          sessions.forget(name);
        }
        ingress.noteNodes(events);
        refresh();
      }),
    ];
  }

  async #register(node: string, request: RegisterRequest): Promise<RegisterReply> {
    const { heartbeatMs, downAfterMs } = this.#options;
    await this.#registrations.register(node, request, downAfterMs);
    return { heartbeatMs };
  }

  async #heartbeat(
    assignments: Assignments,
    node: string,
    { session }: HeartbeatRequest,
  ): Promise<HeartbeatReply> {
    this.#admit(node, session);
    if (this.#parts.views.of('node').get(node)?.value.status.state === 'down') {
      await this.#parts.nodes.setState(node, 'ready', 'its agent is in contact again');
    }
    return { revision: assignments.newest(node) };
  }

  async #pull(assignments: Assignments, node: string, { session, since }: PullRequest): Promise<PullReply> {
    this.#admit(node, session);
    return await assignments.pull(node, since);
  }

  async #report(node: string, { session, statuses, events = [] }: ReportRequest): Promise<ReportReply> {
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

  #exchange(
    ingress: IngressHub,
    assignments: Assignments,
    machine: string,
    request: IngressRequest,
  ): IngressReply {
    const { bus, subjects, published, events } = this.#parts;
    const { reply, drained, reported } = ingress.answer(machine, request);
    for (const task of drained) {
      const node = assignments.markDrained(task);
      if (node !== undefined) bus.publish(subjects.nodeHint(node), null);
    }
    published.note(reported, (service) => ingress.reportsOn(service));
    const ejections = (request.ejections ?? []).slice(0, MAX_EVENTS);
    const known = ejections.filter(({ frontend, backend }) => ingress.hasBackend(frontend, backend));
    recordEjections(events, known);
    return reply;
  }

  #admit(node: string, session: string): void {
    if (this.#parts.sessions.touch(node, session)) return;
    throw new GantryError('CONFLICT', `node ${node}: session ${session} is not the current one: register`);
  }
}
