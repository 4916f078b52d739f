import { type Admission, aborted, type Clock, GantryError, type Store, type Views } from '@gantry/core';
import type { CallOptions, WriteOptions } from '@gantry/core/api';
import type { Entry, Outcome } from '@gantry/core/contracts';
import { type AnyObject, idOf, invalidObject, type Kind, type KindMap, keyOf } from '@gantry/core/model';
import { LoopTurn } from '@gantry/core/primitives';

const TRIES = 20;

/** Returns the object to store instead of the current one: a new object, or the current one to leave it unchanged. */
export type Change<K extends Kind> = (current: KindMap[K] | undefined) => KindMap[K] | Promise<KindMap[K]>;

interface ChangeOptions extends WriteOptions {
  /** Write only to this revision. */
  readonly expect?: number | undefined;
  /** The operation passed to admissions (default: `create` or `update`); a status is not admitted. */
  readonly as?: 'delete' | 'status' | undefined;
}

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly admissions: readonly Admission[];
  readonly clock: Clock;
}

/**
 * Reads, changes, admits, compares and sets: the only way in which the API and controllers write. A caller that writes
 * many objects in a row to a store in memory lets the event loop turn in between.
 */
export class ObjectWriter implements Disposable {
  readonly #store: Store;
  readonly #views: Views;
  readonly #admissions: readonly Admission[];
  readonly #clock: Clock;
  readonly #turn: LoopTurn;

  constructor({ store, views, admissions, clock }: Parts) {
    this.#store = store;
    this.#views = views;
    this.#admissions = admissions;
    this.#clock = clock;
    this.#turn = new LoopTurn(clock);
  }

  [Symbol.dispose](): void {
    this.#turn[Symbol.dispose]();
  }

  /**
   * Applies a change to the newest state, repeats it if another write came first, and returns the entry once this
   * process's views show it. With `dryRun`, only returns what would be stored.
   */
  async write<K extends Kind>(
    kind: K,
    id: string,
    change: Change<K>,
    options: ChangeOptions = {},
  ): Promise<Entry<KindMap[K]>> {
    const key = keyOf(kind, id);
    const call = options.signal === undefined ? {} : { signal: options.signal };
    if (this.#turn.isOver) await this.#clock.sleep(0, options.signal);
    let current = (await this.#store.get(key, call)) as Entry<KindMap[K]> | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      if (options.signal?.aborted) throw aborted(options.signal);
      checkRevision(kind, id, current?.revision, options.expect);
      const wanted = await change(current?.value);
      if (current !== undefined && wanted === current.value) return current;
      const value = await this.#admitted(kind, wanted, current?.value, options.as);
      if (options.dryRun) return { key, value, revision: current?.revision ?? 0 };
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
    throw new GantryError('CONFLICT', `${kind} "${id}": gave up after repeated write conflicts`);
  }

  /** Removes an object if admissions allow it. */
  async delete(kind: Kind, entry: Entry<AnyObject>, options: WriteOptions): Promise<void> {
    await this.#admit(kind, entry.value, entry.value, 'delete');
    if (!options.dryRun) await this.remove(kind, entry, options);
  }

  async remove(kind: Kind, entry: Entry<AnyObject>, { signal }: CallOptions): Promise<void> {
    const call = signal === undefined ? {} : { signal };
    const [outcome] = await this.#store.commit(
      [{ key: entry.key, value: undefined, expect: entry.revision }],
      call,
    );
    if (outcome?.ok !== true)
      throw new GantryError('CONFLICT', `${kind} ${idOf(entry.value.meta)} has changed concurrently`);
    await this.#views.of(kind).reached(outcome.revision, signal);
  }

  async #admitted<K extends Kind>(
    kind: K,
    object: KindMap[K],
    old: KindMap[K] | undefined,
    as: ChangeOptions['as'],
  ): Promise<KindMap[K]> {
    if (as === 'status') return object;
    if (as === undefined || old === undefined) return this.#admit(kind, object, old);
    await this.#admit(kind, old, old, as);
    return object;
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
      if (admitted.kind !== kind || idOf(admitted.meta) !== idOf(object.meta)) {
        throw invalidObject(`${kind} ${idOf(object.meta)}`, [
          {
            path: 'meta.name',
            message: `admission ${admission.name} must not change the identity of an object`,
          },
        ]);
      }
    }
    return admitted as KindMap[K];
  }
}

/** @throws `CONFLICT` unless the object is at the requested revision, if there is one. */
export function checkRevision(
  kind: Kind,
  id: string,
  revision: number | undefined,
  expect: number | undefined,
): void {
  if (expect === undefined || revision === expect) return;
  const is = revision === undefined ? 'does not exist' : `is at revision ${revision}`;
  throw new GantryError('CONFLICT', `${kind} ${id} ${is}, not at ${expect}`);
}
