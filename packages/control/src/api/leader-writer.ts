import {
  type ApplyOptions,
  type CallOptions,
  canonicalJson,
  contracts,
  definePlugin,
  GantryError,
  type InputKind,
  type InputMap,
  type Kind,
  type KindMap,
  kindTable,
  type Lifecycle,
  type PatchOptions,
  type Service,
  type StatusKind,
  type StatusOf,
  validateStatus,
  type WriteOptions,
  type Writer,
} from '@gantry/core';
import { ObjectWrites } from './object-writes.ts';
import { present } from './present.ts';
import { ObjectWriter } from './writer.ts';

type Parts = Omit<ConstructorParameters<typeof ObjectWrites>[0], 'writer'> & {
  readonly writer: ObjectWriter;
};

/** What controllers write by: the API's own way, through the store of the leader, whose commits are fenced. */
export class LeaderWriter implements Writer, Lifecycle {
  readonly #parts: Parts;
  readonly #writes: ObjectWrites;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#writes = new ObjectWrites(parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.writer[Symbol.dispose]();
  }

  async apply<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    options: ApplyOptions = {},
  ): Promise<KindMap[K]> {
    return this.#writes.apply<K>(input, options);
  }

  async patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options: PatchOptions = {},
  ): Promise<KindMap[K]> {
    return this.#writes.patch(kind, id, patch, options);
  }

  async scale(service: string, replicas: number, options: WriteOptions = {}): Promise<Service> {
    return this.#writes.scale(service, replicas, options);
  }

  async restart(service: string, options: WriteOptions = {}): Promise<Service> {
    return this.#writes.restart(service, options);
  }

  async setStatus<K extends StatusKind>(
    kind: K,
    id: string,
    status: (object: KindMap[K]) => StatusOf<KindMap[K]>,
    options: CallOptions = {},
  ): Promise<KindMap[K]> {
    const { writer, kinds } = this.#parts;
    const change = (current: KindMap[K] | undefined): KindMap[K] => {
      if (current === undefined) throw new GantryError('NOT_FOUND', `${kind} "${id}" not found`);
      const next = validateStatus(kinds.get(kind), id, status(current));
      const { status: last } = current as { readonly status?: unknown };
      return canonicalJson(last) === canonicalJson(next) ? current : { ...current, status: next };
    };
    return present(await writer.write(kind, id, change, { ...options, as: 'status' }), kinds);
  }

  async delete(kind: Kind, id: string, options: WriteOptions = {}): Promise<void> {
    return this.#writes.delete(kind, id, options);
  }

  async finalize(kind: Kind, id: string, options: CallOptions = {}): Promise<void> {
    const { writer, views } = this.#parts;
    const entry = views.of(kind).get(id);
    if (entry === undefined) return;
    if (entry.value.meta.deletedAt === undefined)
      throw new GantryError('CONFLICT', `${kind} ${id} is not being deleted`);
    await writer.remove(kind, entry, options);
  }
}

/** Plugin: the way in which controllers write, for `contracts.writer`. */
export const leaderWriter = definePlugin({
  name: 'writer-leader',
  provides: contracts.writer,
  needs: {
    store: contracts.store,
    views: contracts.views,
    clock: contracts.clock,
    random: contracts.random,
    schedulers: contracts.scheduler,
    admissions: contracts.admission,
    kinds: contracts.kind,
  },
  create: (_options, { kinds, ...needs }) =>
    new LeaderWriter({ ...needs, kinds: kindTable(kinds), writer: new ObjectWriter(needs) }),
});
