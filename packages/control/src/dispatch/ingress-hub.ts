import type { Clock, Views } from '@gantry/core';
import type { Frontend, ViewEvent } from '@gantry/core/contracts';
import { idOf, isFinal } from '@gantry/core/model';
import type { IngressReply, IngressRequest } from '@gantry/core/protocol';
import { BalancerReports, type MachineFrontend } from './balancer-reports.ts';
import { ChangeLog } from './change-log.ts';
import { frontendsOf } from './frontends.ts';

interface BalancerSession {
  applied: number;
  busy: ReadonlySet<string>;
  seenAt: number;
}

export interface IngressAnswer {
  readonly reply: IngressReply;
  /** Tasks to which no load balancer sends traffic any longer: they may be stopped. */
  readonly drained: readonly string[];
  /** Services about whose ports there is a new report. */
  readonly reported: ReadonlySet<string>;
}

/** The hub does not wait for a machine that has not sent a request for this long, ms. */
const SESSION_TIMEOUT_MS = 15_000;
/**
 * For this long after its start, a hub assumes that there are load balancers it has not met, ms: each polls more often.
 */
const DISCOVERY_MS = 6000;

/**
 * Tracks what the load balancers of every machine should serve and what they actually serve, so that a task is stopped
 * only when none of them sends it traffic any longer.
 */
export class IngressHub {
  /** Versions of one hub cannot be compared with those of another. */
  readonly id: string;
  /** Grows with every change of the frontends. */
  version = 1;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #frontends = new Map<string, readonly Frontend[]>();
  readonly #stale = new Set<string>();
  readonly #sessions = new Map<string, BalancerSession>();
  readonly #reports = new BalancerReports();
  /** Services whose frontends have changed, by version. */
  #changes = new ChangeLog(1);
  #networksVersion = 1;
  /** Tasks to which load balancers may send. */
  #active: ReadonlySet<string> = new Set();
  /** Tasks that were active, and the version from which on they are not: load balancers may not have it yet. */
  readonly #leaving = new Map<string, number>();
  /** Tasks that were served before this hub existed, by load balancers that may not have contacted it yet. */
  readonly #inherited = new Set<string>();
  readonly #startedAt: number;

  constructor(views: Views, clock: Clock, id: string) {
    this.id = id;
    this.#views = views;
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
    for (const { value } of views.of('service').all()) this.#stale.add(idOf(value.meta));
    this.refresh();
    this.#changes = new ChangeLog(this.version);
    for (const frontends of this.#frontends.values())
      for (const { backends } of frontends) for (const { id } of backends) this.#inherited.add(id);
  }

  /** Notes which services a batch of events concerns. */
  noteTasks(events: readonly ViewEvent<'task'>[]): void {
    for (const { name, before, after } of events) {
      const task = (after ?? before)?.value;
      if (after === undefined || isFinal(after.value.status.state)) this.#leaving.delete(name);
      if (task === undefined || !this.#publishes(task.spec.service)) continue;
      if (serves(before?.value.status.state) || serves(after?.value.status.state))
        this.#stale.add(task.spec.service);
    }
  }

  noteServices(events: readonly ViewEvent<'service'>[]): void {
    for (const { name, before, after } of events) {
      if (before?.value.spec !== after?.value.spec) this.#stale.add(name);
    }
  }

  noteNodes(events: readonly ViewEvent<'node'>[]): void {
    for (const { name, before, after } of events) {
      if (before?.value.status.state === after?.value.status.state) continue;
      for (const { value } of this.#views.of('task').by('node', name)) this.#stale.add(value.spec.service);
    }
  }

  noteNetworks(): void {
    this.version++;
    this.#networksVersion = this.version;
  }

  /** Recomputes the noted services; returns whether anything has changed. */
  refresh(): boolean {
    const changed = [...this.#stale].filter((name) => this.#refreshOne(name));
    this.#stale.clear();
    if (changed.length === 0) return false;
    this.version++;
    for (const name of changed) this.#changes.add(name, this.version);
    const active = new Set<string>();
    const left = new Set(this.#active);
    for (const frontends of this.#frontends.values()) {
      for (const { backends } of frontends)
        for (const { id, state } of backends) (state === 'draining' ? left : active).add(id);
    }
    for (const task of left) if (!active.has(task)) this.#leave(task);
    for (const task of active) this.#leaving.delete(task);
    this.#active = active;
    return true;
  }

  /** Answers the load balancers of a machine. */
  answer(machine: string, request: IngressRequest): IngressAnswer {
    const now = this.#clock.elapsed();
    const applied = request.hub === this.id ? request.applied : 0;
    const waiting = [...this.#leaving.keys()].filter((task) => !this.isDrained(task));
    // A request affects only sessions of its own machine.
    const session = `${machine}/${request.session}`;
    this.#sessions.set(session, { applied, busy: new Set(request.busy), seenAt: now });
    const reported = new Set(this.#reports.note(session, machine, request.statuses));
    for (const [id, { seenAt }] of this.#sessions) {
      if (now - seenAt <= SESSION_TIMEOUT_MS) continue;
      this.#sessions.delete(id);
      for (const service of this.#reports.forget(id)) reported.add(service);
    }
    const drained = waiting.filter((task) => this.isDrained(task));
    return { reply: this.#replySince(applied), drained, reported };
  }

  /** Whether all load balancers have stopped sending traffic to the task. */
  isDrained(task: string): boolean {
    const since = this.#leaving.get(task);
    if (since === undefined) return true;
    const now = this.#clock.elapsed();
    if (now - this.#startedAt < DISCOVERY_MS && this.#inherited.has(task)) return false;
    for (const { applied, busy, seenAt } of this.#sessions.values()) {
      if (now - seenAt > SESSION_TIMEOUT_MS) continue;
      if (applied < since || busy.has(task)) return false;
    }
    return true;
  }

  /** Whether a task is a backend of a frontend that load balancers receive. */
  hasBackend(frontend: string, task: string): boolean {
    const service = frontend.split('/').slice(0, -2).join('/');
    const backends = this.#frontends.get(service)?.find(({ id }) => id === frontend)?.backends;
    return backends?.some(({ id }) => id === task) === true;
  }

  /** What the load balancers of all machines report about the ports of a service. */
  reportsOn(service: string): readonly MachineFrontend[] {
    return this.#reports.of(service);
  }

  #replySince(applied: number): IngressReply {
    const { id: hub, version } = this;
    const names = applied === 0 ? undefined : this.#changes.since(applied);
    const full = names === undefined;
    const changed: Record<string, readonly Frontend[]> = {};
    for (const name of names ?? this.#frontends.keys()) changed[name] = this.#frontends.get(name) ?? [];
    const reply: IngressReply = { hub, version, changed, full };
    if (applied >= this.#networksVersion) return reply;
    return { ...reply, networks: [...this.#views.of('network').all()].map(({ value }) => idOf(value.meta)) };
  }

  /** Notes that no frontend of this version or later contains the task; a task that has ended receives no traffic anyway. */
  #leave(task: string): void {
    const state = this.#views.of('task').get(task)?.value.status.state;
    if (state !== undefined && !isFinal(state) && !this.#leaving.has(task))
      this.#leaving.set(task, this.version);
  }

  #publishes(service: string): boolean {
    return (
      this.#frontends.has(service) ||
      this.#views.of('service').get(service)?.value.spec.template.ports.length !== 0
    );
  }

  #refreshOne(name: string): boolean {
    const service = this.#views.of('service').get(name)?.value;
    const before = this.#frontends.get(name);
    const nodes = this.#views.of('node');
    const isUp = (node: string): boolean => nodes.get(node)?.value.status.state === 'ready';
    const tasks = [...this.#views.of('task').by('service', name)].map(({ value }) => value);
    const after = service === undefined ? [] : frontendsOf(service, tasks, isUp);
    if (after.length === 0) return this.#frontends.delete(name);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(after)) return false;
    this.#frontends.set(name, after);
    return true;
  }
}

function serves(state: Parameters<typeof isFinal>[0] | undefined): boolean {
  return state === 'running' || state === 'stopping' || (state !== undefined && isFinal(state));
}
