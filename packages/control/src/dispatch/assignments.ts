import type { Store, Views } from '@gantry/core';
import type { Entry, ViewEvent } from '@gantry/core/contracts';
import {
  idBeside,
  idOf,
  isFinal,
  type KindMap,
  keyOf,
  type NetworkSpec,
  type Task,
  type TemplateSpec,
} from '@gantry/core/model';
import { assignmentOf, type PullReply } from '@gantry/core/protocol';
import { ChangeLog } from './change-log.ts';

interface Parts {
  readonly store: Store;
  readonly views: Views;
  /** Whether no load balancer has ever known the task, or none sends it traffic any longer. */
  readonly isDrained: (task: string) => boolean;
}

/** No object has a key with this prefix: listing it returns the revision of the store and nothing else. */
const EMPTY_PREFIX = '-/';

/** The assignments of each node: answers its agent with everything, or with the changes since the last answer. */
export class Assignments {
  readonly #parts: Parts;
  /** Changes before this revision were not observed. */
  readonly #floor: number;
  readonly #byNode = new Map<string, ChangeLog>();
  /** Newest revision of anything assigned to a node. */
  readonly #newest = new Map<string, number>();
  /** Tasks to which no load balancer sends traffic any longer, by node. */
  readonly #drained = new Map<string, Set<string>>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const tasks = parts.views.of('task');
    this.#floor = tasks.revision;
    for (const { value, revision } of tasks.all()) this.#raise(value.spec.node, revision);
  }

  /** Revision of the newest change of a node's assignments; 0 if there is none. */
  newest(node: string): number {
    return this.#newest.get(node) ?? 0;
  }

  /** Notes a batch of changes; returns the nodes whose agents should pull. What an agent itself reported needs no pull. */
  note(events: readonly ViewEvent<'task'>[]): ReadonlySet<string> {
    const touched = new Set<string>();
    const { revision } = this.#parts.views.of('task'); // that of the whole batch: agents ask between batches
    for (const { name, before, after } of events) {
      const node = (after ?? before)?.value.spec.node;
      if (node === undefined) continue;
      if (after === undefined) this.#drained.get(node)?.delete(name);
      else if (before !== undefined && before.value.spec === after.value.spec) continue;
      this.#logOf(node).add(name, revision);
      this.#raise(node, revision);
      touched.add(node);
    }
    return touched;
  }

  /** Notes that no load balancer sends traffic to a task any longer; returns its node. */
  markDrained(task: string): string | undefined {
    const node = this.#parts.views.of('task').get(task)?.value.spec.node;
    if (node !== undefined) this.#drained.set(node, (this.#drained.get(node) ?? new Set()).add(task));
    return node;
  }

  /**
   * Answers an agent that has applied everything up to the revision `since`; 0 requests everything. A revision that the
   * store has not reached does so too: the agent cannot have received it from a control plane, and would never receive
   * a change again.
   */
  async pull(node: string, since: number): Promise<PullReply> {
    const tasks = this.#parts.views.of('task');
    const isAhead = since > tasks.revision && since > (await this.#storeRevision());
    const applied = isAhead ? 0 : since;
    const revision = Math.max(1, applied, tasks.revision);
    const changed = applied === 0 ? undefined : this.#logOf(node).since(applied);
    const entries = [...(changed === undefined ? tasks.by('node', node) : this.#those(node, changed))];
    const assignments = entries.map(({ value }) => assignmentOf(value, this.#isDrained(node, value)));
    const alive = entries.filter(({ value }) => !isFinal(value.status.state));
    const here = new Set(assignments.map(({ name }) => name));
    const removed = [...(changed ?? [])].filter((task) => !here.has(task));
    return { revision, full: changed === undefined, assignments, removed, ...(await this.#specsOf(alive)) };
  }

  forget(node: string): void {
    this.#byNode.delete(node);
    this.#drained.delete(node);
    this.#newest.delete(node);
  }

  #logOf(node: string): ChangeLog {
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const log = new ChangeLog(this.#floor);
    this.#byNode.set(node, log);
    return log;
  }

  #raise(node: string | undefined, revision: number): void {
    if (node !== undefined && revision > this.newest(node)) this.#newest.set(node, revision);
  }

  async #storeRevision(): Promise<number> {
    return (await this.#parts.store.list(EMPTY_PREFIX)).revision;
  }

  #isDrained(node: string, { meta, spec }: Task): boolean {
    if (spec.desired !== 'shutdown') return false;
    const id = idOf(meta);
    return this.#drained.get(node)?.has(id) === true || this.#parts.isDrained(id);
  }

  /** The tasks of a node among these, and the drained ones: draining has no revision. */
  *#those(node: string, names: ReadonlySet<string>): Iterable<Entry<Task>> {
    for (const name of new Set([...names, ...(this.#drained.get(node) ?? [])])) {
      const entry = this.#parts.views.of('task').get(name);
      if (entry?.value.spec.node === node) yield entry;
    }
  }

  /**
   * Returns what an agent needs to run these tasks. Views may lag behind each other: an object that a view does not
   * have yet is read from the store.
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
}
