import {
  type Admission,
  type AnyObject,
  aborted,
  canonicalJson,
  type Entry,
  GantryError,
  type InputKind,
  invalidObject,
  type Kind,
  type KindMap,
  keyOf,
  type Outcome,
  type Store,
  type Views,
} from '@gantry/core';

const TRIES = 20;

/** What to store in place of what is there: the new object, or what is there to leave it as it is. */
export type Change<K extends Kind> = (current: KindMap[K] | undefined) => KindMap[K] | Promise<KindMap[K]>;

/** Read, change, admit, compare-and-set: the one way in which the API writes. */
export class ObjectWriter {
  readonly #store: Store;
  readonly #views: Views;
  readonly #admissions: readonly Admission[];

  constructor(store: Store, views: Views, admissions: readonly Admission[]) {
    this.#store = store;
    this.#views = views;
    this.#admissions = admissions;
  }

  /**
   * Applies a change to the newest state, again when somebody else was faster, and returns the entry once this process's
   * views show it. With `expect`, only to that revision.
   */
  async write<K extends Kind>(
    kind: K,
    name: string,
    change: Change<K>,
    options: { expect?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<Entry<KindMap[K]>> {
    const key = keyOf(kind, name);
    const call = options.signal === undefined ? {} : { signal: options.signal };
    let current = (await this.#store.get(key, call)) as Entry<KindMap[K]> | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      if (options.signal?.aborted) throw aborted(options.signal);
      checkRevision(kind, name, current?.revision, options.expect);
      const wanted = await change(current?.value);
      if (current !== undefined && wanted === current.value) return current;
      const value = await this.#admit(kind, wanted, current?.value);
      const [outcome] = (await this.#store.commit(
        [{ key, value, expect: current?.revision ?? 'absent' }],
        call,
      )) as [Outcome<KindMap[K]>];
      if (outcome.ok) {
        await this.#views.of(kind).reached(outcome.revision, options.signal);
        return { key, value, revision: outcome.revision };
      }
      current = outcome.current;
    }
    throw new GantryError('CONFLICT', `${kind} ${name} changes too often`);
  }

  async remove(kind: Kind, entry: Entry<AnyObject>, signal: AbortSignal | undefined): Promise<void> {
    await this.#admit(kind, entry.value, entry.value, 'delete');
    const call = signal === undefined ? {} : { signal };
    const [outcome] = await this.#store.commit(
      [{ key: entry.key, value: undefined, expect: entry.revision }],
      call,
    );
    if (outcome?.ok !== true)
      throw new GantryError('CONFLICT', `${kind} ${entry.value.meta.name} changed meanwhile`);
    await this.#views.of(kind).reached(outcome.revision, signal);
  }

  async #admit<K extends Kind>(
    kind: K,
    object: KindMap[K],
    old: KindMap[K] | undefined,
    operation: 'create' | 'update' | 'delete' = old === undefined ? 'create' : 'update',
  ): Promise<KindMap[K]> {
    let admitted: AnyObject = object;
    for (const admission of this.#admissions) {
      if (!admission.kinds.includes(kind)) continue;
      admitted = await admission.admit({ operation, object: admitted, old });
      if (admitted.kind !== kind || admitted.meta.name !== object.meta.name) {
        throw invalidObject(`${kind} ${object.meta.name}`, [
          { path: 'meta.name', message: `admission ${admission.name} must not change what an object is` },
        ]);
      }
    }
    return admitted as KindMap[K];
  }
}

/** @throws `CONFLICT` unless an object is at the revision that was asked for, if one was. */
export function checkRevision(
  kind: Kind,
  name: string,
  revision: number | undefined,
  expect: number | undefined,
): void {
  if (expect === undefined || revision === expect) return;
  const is = revision === undefined ? 'does not exist' : `is at revision ${revision}`;
  throw new GantryError('CONFLICT', `${kind} ${name} ${is}, not at ${expect}`);
}

/** Whether an update would change nothing a user wrote. */
export function sameInput(
  current: KindMap[InputKind],
  spec: KindMap[InputKind]['spec'],
  labels: Readonly<Record<string, string>>,
): { readonly spec: boolean; readonly labels: boolean } {
  return {
    spec: canonicalJson(current.spec) === canonicalJson(spec),
    labels: canonicalJson(current.meta.labels) === canonicalJson(labels),
  };
}
