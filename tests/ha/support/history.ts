import type { Store } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { STORE_KEYS, type Task } from '@gantry/core/model';
import type { Noted } from './part-config.ts';

/** Every write of a store from now on, as delivered by a watch. */
export class History {
  readonly events: StoreEvent[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(store: Store, since: number) {
    const { signal } = this.#stop;
    this.#done = (async () => {
      for await (const batch of store.watch('', { since, signal })) this.events.push(...batch);
    })();
  }

  /** The revision of the newest write it knows of. */
  get seen(): number {
    return this.events.at(-1)?.revision ?? 0;
  }

  async end(): Promise<readonly StoreEvent[]> {
    this.#stop.abort();
    await this.#done;
    return this.events;
  }
}

/** What a leader wrote outside of its term: after the next one had begun, or before its own. */
export function writesOutOfTerm(events: readonly StoreEvent[], journal: readonly Noted[]): readonly string[] {
  const begins = events.filter(({ key }) => key === STORE_KEYS.term).map(({ revision }) => revision);
  return journal.flatMap(({ fence, writes }) => {
    const next = begins.find((revision) => revision > fence) ?? Number.POSITIVE_INFINITY;
    return writes
      .filter(([, revision]) => revision > next)
      .map(([key, revision]) => `${key} at ${revision}, in the term since ${fence}, which ended at ${next}`);
  });
}

/** Where a slot had two tasks of one template that were both to run. */
export function slotsWithTwo(events: readonly StoreEvent[]): readonly string[] {
  const alive = new Map<string, Map<string, string>>();
  const found: string[] = [];
  for (const { key, value, revision } of events) {
    if (!key.startsWith('tasks/')) continue;
    const task = value as Task | undefined;
    const name = key.slice('tasks/'.length);
    if (task === undefined || task.spec.desired === 'shutdown' || isOver(task)) {
      for (const slot of alive.values()) slot.delete(name);
      continue;
    }
    const slot = `${task.spec.service} ${task.spec.slot}`;
    const tasks = alive.get(slot) ?? new Map<string, string>();
    alive.set(slot, tasks);
    tasks.set(name, task.spec.template);
    const same = [...tasks].filter(([, template]) => template === task.spec.template);
    if (same.length > 1) found.push(`${slot} at ${revision}: ${same.map(([each]) => each).join(', ')}`);
  }
  return found;
}

function isOver({ status }: Task): boolean {
  return ['complete', 'shutdown', 'failed', 'rejected', 'orphaned'].includes(status.state);
}
