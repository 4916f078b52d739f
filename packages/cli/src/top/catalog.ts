import type { TaskStats, WatchEvent } from '@gantry/core/api';
import { type AnyObject, idOf } from '@gantry/core/model';
import { type TaskUsage, usageBetween } from '../cluster/usage.ts';
import type { Usage, UsageOf } from './usage-of.ts';
import { VIEW_KINDS, type ViewKind } from './view-kinds.ts';

/** Maximum number of events that are kept; the oldest are dropped. */
const MAX_EVENTS = 5000;

/** The known objects of a cluster, kept up to date by watches. */
export class Catalog {
  readonly #objects = new Map<ViewKind, Map<string, AnyObject>>(VIEW_KINDS.map((kind) => [kind, new Map()]));
  readonly #versions = new Map<ViewKind, number>();
  readonly #listed = new Set<ViewKind>();
  readonly #denied = new Map<ViewKind, string>();
  #stats: readonly TaskStats[] = [];
  #usage = new Map<string, Usage>();
  #usageVersion = 0;

  /** Changes with every change of the kind's objects. */
  version(kind: ViewKind): number {
    return this.#versions.get(kind) ?? 0;
  }

  /** Changes with every measurement. */
  get usageVersion(): number {
    return this.#usageVersion;
  }

  /** Whether the kind's objects have been listed at least once. */
  isListed(kind: ViewKind): boolean {
    return this.#listed.has(kind);
  }

  /** Why the kind's objects cannot be listed, if the token does not allow it. */
  denied(kind: ViewKind): string | undefined {
    return this.#denied.get(kind);
  }

  deny(kind: ViewKind, why: string): void {
    this.#denied.set(kind, why);
  }

  all(kind: ViewKind): Iterable<AnyObject> {
    return this.#of(kind).values();
  }

  count(kind: ViewKind): number {
    return this.#of(kind).size;
  }

  get(kind: ViewKind, id: string): AnyObject | undefined {
    return this.#of(kind).get(id);
  }

  /** Replaces the objects of a kind by a complete list. */
  replace(kind: ViewKind, items: readonly AnyObject[]): void {
    this.#objects.set(kind, new Map(items.map((object) => [idOf(object.meta), object])));
    this.#listed.add(kind);
    this.#changed(kind);
  }

  apply(kind: ViewKind, changes: readonly WatchEvent<AnyObject>[]): void {
    const objects = this.#of(kind);
    for (const { type, object } of changes) {
      if (type === 'deleted') objects.delete(idOf(object.meta));
      else objects.set(idOf(object.meta), object);
    }
    this.#changed(kind);
  }

  /** Adds a measurement; rates are computed from the last two. */
  measured(stats: readonly TaskStats[]): void {
    const usage = usageBetween(this.#stats, stats);
    this.#stats = stats;
    this.#usage = new Map();
    for (const each of usage) {
      const task = this.get('task', each.task);
      this.#add(`task ${each.task}`, each);
      this.#add(`node ${each.node}`, each);
      if (task?.kind === 'task') this.#add(`service ${task.spec.service}`, each);
    }
    this.#usageVersion += 1;
  }

  readonly usageOf: UsageOf = ({ kind, meta }) => this.#usage.get(`${kind} ${idOf(meta)}`);

  #add(key: string, { cpu, memory }: TaskUsage): void {
    const sum = this.#usage.get(key);
    this.#usage.set(key, {
      cpu: (sum?.cpu ?? 0) + cpu,
      memory: (sum?.memory ?? 0) + memory,
      tasks: (sum?.tasks ?? 0) + 1,
    });
  }

  #of(kind: ViewKind): Map<string, AnyObject> {
    return this.#objects.get(kind) as Map<string, AnyObject>;
  }

  #changed(kind: ViewKind): void {
    if (kind === 'event') this.#dropOldEvents();
    this.#versions.set(kind, this.version(kind) + 1);
  }

  #dropOldEvents(): void {
    const events = this.#of('event');
    if (events.size <= MAX_EVENTS) return;
    const sorted = [...events].sort(([, a], [, b]) => a.meta.createdAt - b.meta.createdAt);
    for (const [id] of sorted.slice(0, events.size - MAX_EVENTS)) events.delete(id);
  }
}
