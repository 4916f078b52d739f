import {
  type Clock,
  type Frontend,
  type FrontendStatus,
  type IngressReply,
  type IngressRequest,
  idOf,
  isFinal,
  type ViewEvent,
  type Views,
} from '@gantry/core';
import { frontendsOf } from './frontends.ts';

interface LoadBalancerSession {
  applied: number;
  busy: ReadonlySet<string>;
  statuses: readonly FrontendStatus[];
  seenAt: number;
}

/** The hub does not wait for a load balancer that has not sent a request for this long, ms. */
const FORGOTTEN_MS = 15_000;
/**
 * For this long after its start, a hub assumes that there are load balancers it has not met, ms: each polls more often.
 */
const ACQUAINTED_MS = 6000;

/**
 * Tracks what every load balancer should serve and what it actually serves, so that a task is stopped only when no load
 * balancer sends it traffic any longer.
 */
export class IngressHub {
  /** Versions of one hub say nothing about those of another. */
  readonly id: string;
  /** Grows with every change of the frontends. */
  version = 1;
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #frontends = new Map<string, readonly Frontend[]>();
  readonly #stale = new Set<string>();
  readonly #sessions = new Map<string, LoadBalancerSession>();
  /** Tasks that load balancers may send to. */
  #active: ReadonlySet<string> = new Set();
  /** Tasks that were active, and the version from which on they are not: load balancers may not know it yet. */
  readonly #leaving = new Map<string, number>();
  /** Tasks that were served before this hub was there, by load balancers it may not have met yet. */
  readonly #inherited = new Set<string>();
  readonly #startedAt: number;

  constructor(views: Views, clock: Clock, id: string) {
    this.id = id;
    this.#views = views;
    this.#clock = clock;
    this.#startedAt = clock.elapsed();
    for (const { value } of views.of('service').all()) this.#stale.add(idOf(value.meta));
    this.refresh();
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
  }

  /** Recomputes the noted services; returns whether anything has changed. */
  refresh(): boolean {
    let changed = false;
    for (const name of this.#stale) if (this.#refreshOne(name)) changed = true;
    this.#stale.clear();
    if (!changed) return false;
    this.version++;
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

  /** Answers a load balancer; returns also which tasks have become free to stop. */
  answer(request: IngressRequest): { readonly reply: IngressReply; readonly drained: readonly string[] } {
    const applied = request.hub === this.id ? request.applied : 0;
    const waiting = [...this.#leaving.keys()].filter((task) => !this.isDrained(task));
    this.#sessions.set(request.session, {
      applied,
      busy: new Set(request.busy),
      statuses: request.statuses,
      seenAt: this.#clock.elapsed(),
    });
    const drained = waiting.filter((task) => this.isDrained(task));
    const { id: hub, version } = this;
    if (applied === version) return { reply: { hub, version }, drained };
    const frontends = [...this.#frontends.values()].flat();
    const networks = [...this.#views.of('network').all()].map(({ value }) => idOf(value.meta));
    return { reply: { hub, version, frontends, networks }, drained };
  }

  /** Whether all load balancers have stopped sending traffic to the task. */
  isDrained(task: string): boolean {
    const since = this.#leaving.get(task);
    if (since === undefined) return true;
    const now = this.#clock.elapsed();
    if (now - this.#startedAt < ACQUAINTED_MS && this.#inherited.has(task)) return false;
    for (const [id, session] of this.#sessions) {
      if (now - session.seenAt > FORGOTTEN_MS) this.#sessions.delete(id);
      else if (session.applied < since || session.busy.has(task)) return false;
    }
    return true;
  }

  /** Whether a task is a backend of a frontend that load balancers are given. */
  hasBackend(frontend: string, task: string): boolean {
    const service = frontend.split('/').slice(0, -2).join('/');
    const backends = this.#frontends.get(service)?.find(({ id }) => id === frontend)?.backends;
    return backends?.some(({ id }) => id === task) === true;
  }

  /** What load balancers say of a service's ports. */
  statusesOf(service: string): readonly FrontendStatus[] {
    const ids = new Set(this.#frontends.get(service)?.map(({ id }) => id));
    return [...this.#sessions.values()].flatMap(({ statuses }) => statuses.filter(({ id }) => ids.has(id)));
  }

  /**
   * Notes that no frontend of this version or later contains the task; a task that has ended receives no traffic
   * anyway.
   */
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
