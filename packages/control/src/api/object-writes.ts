import {
  type Clock,
  GantryError,
  type Random,
  type Scheduler,
  toGantryError,
  type Views,
  type Writer,
} from '@gantry/core';
import type { ApplyOptions, CallOptions, PatchOptions, WriteOptions } from '@gantry/core/api';
import type { Entry, StatusKind } from '@gantry/core/contracts';
import {
  type AnyInput,
  type AnyObject,
  type Availability,
  canonicalJson,
  type Declared,
  type InputKind,
  type InputMap,
  idOf,
  invalidObject,
  type Kind,
  type KindMap,
  type KindTable,
  type Node,
  plainData,
  type Service,
  type ServiceSpec,
  type StatusOf,
  type Validated,
  validateInput,
  validateStatus,
} from '@gantry/core/model';
import { counted, randomId } from '@gantry/core/primitives';
import { mergePatch, rebased } from '../merge.ts';
import { modeOf } from '../service/modes/mode-of.ts';
import { applyInput, replaceFields, type Written } from './apply.ts';
import { companionsIn, ObjectRelations } from './object-relations.ts';
import { present } from './present.ts';
import { checkRevision, type ObjectWriter } from './writer.ts';

const MANAGER = 'gantry';

interface Parts {
  readonly views: Views;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly schedulers: readonly Scheduler[];
  readonly kinds: KindTable;
}

/** The writing half of the API, also used by controllers: the operations on objects of any kind. */
export class ObjectWrites implements Writer, Disposable {
  readonly #parts: Parts;
  readonly #relations: ObjectRelations;

  constructor(parts: Parts) {
    const { kinds, views, schedulers } = parts;
    this.#parts = parts;
    this.#relations = new ObjectRelations(kinds, views, { scheduler: schedulers });
  }

  [Symbol.dispose](): void {
    this.#parts.writer[Symbol.dispose]();
  }

  async create<K extends InputKind>(input: InputMap[K], options: WriteOptions): Promise<KindMap[K]> {
    const written = this.#written<K>(input);
    this.#relations.check(written.valid as Declared);
    return this.#store(written, options, (current) => {
      if (current === undefined) return;
      throw new GantryError('ALREADY_EXISTS', `${written.valid.kind} ${idOf(current.meta)} exists`);
    });
  }

  async apply<K extends InputKind>(input: InputMap[K], options: ApplyOptions = {}): Promise<KindMap[K]> {
    const written = this.#written<K>(input);
    this.#relations.check(written.valid as Declared);
    return this.#store(written, options);
  }

  async applyAll(inputs: readonly AnyInput[], options: ApplyOptions): Promise<readonly AnyObject[]> {
    const written = this.checked(inputs, options);
    const order = ({ valid }: Written): number => this.#parts.kinds.get(valid.kind)?.applyOrder ?? 0;
    const stored = new Map<Written, AnyObject>();
    for (const each of written.toSorted((a, b) => order(a) - order(b))) {
      try {
        stored.set(each, await this.#store(each, options));
      } catch (error) {
        throw stored.size === 0 ? error : partly(error, [...stored.values()], written.length);
      }
    }
    return written.map((each) => stored.get(each) as AnyObject);
  }

  /** Validates objects to be applied together, and rejects in advance what storing them would reject. */
  checked(inputs: readonly AnyInput[], options: ApplyOptions): readonly Written[] {
    const written = inputs.map((input) => this.#written(input));
    const valid = written.map((each) => each.valid as Declared);
    this.#relations.checkTogether(valid);
    const companions = companionsIn(valid);
    for (const each of valid) this.#relations.check(each, companions);
    for (const each of written) this.rehearsed(each, options);
    return written;
  }

  /** Returns the object that storing a checked input would produce, as far as this process knows the stored objects. */
  rehearsed<K extends InputKind>(written: Written<K>, options: ApplyOptions): KindMap[K] {
    const { kind, meta } = written.valid as Validated<InputKind>;
    const id = idOf(meta);
    const entry = this.#parts.views.of(kind).get(id) as Entry<KindMap[K]> | undefined;
    checkRevision(kind, id, entry?.revision, meta.revision);
    return applyInput<K>(written, entry?.value, { ...this.#context(options), uid: () => '' });
  }

  async patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    options: PatchOptions = {},
  ): Promise<KindMap[K]> {
    const { meta, spec, ...unknown } = (plainData(patch, `${kind} ${id}`) ?? {}) as {
      readonly meta?: { readonly labels?: unknown; readonly annotations?: unknown };
      readonly spec?: unknown;
    };
    const { labels, annotations, ...fixed } = meta ?? {};
    const issues = [
      ...Object.keys(unknown).map((path) => ({
        path,
        message: 'only meta.labels, meta.annotations and spec can be patched',
      })),
      ...Object.keys(fixed).map((key) => ({
        path: `meta.${key}`,
        message: 'only labels and annotations can be patched here',
      })),
    ];
    if (issues.length > 0) throw invalidObject(`${kind} ${id}`, issues);
    return this.#change(kind, id, options, (current) => ({
      labels: labels === undefined ? current.meta.labels : (mergePatch(current.meta.labels, labels) ?? {}),
      annotations:
        annotations === undefined
          ? current.meta.annotations
          : (mergePatch(current.meta.annotations, annotations) ?? {}),
      spec: spec === undefined ? current.spec : mergePatch(current.spec, spec),
    }));
  }

  async delete(kind: Kind, id: string, options: WriteOptions = {}): Promise<void> {
    const { views, clock, writer, kinds } = this.#parts;
    const entry = views.of(kind).get(id) as Entry<AnyObject> | undefined;
    if (entry === undefined) throw new GantryError('NOT_FOUND', `${kind} "${id}" not found`);
    const { refuse, finalizer, begin = deleted } = kinds.get(kind)?.deletion ?? {};
    const refused = refuse?.(entry.value);
    if (refused !== undefined) throw refused;
    this.#relations.refuseDeletion(kind, id);
    if (finalizer === undefined) return await writer.delete(kind, entry, options);
    const now = clock.now();
    const as = 'delete';
    await this.#update(kind, id, { ...options, as }, (object) => begin(object, now) as typeof object);
  }

  scale(service: string, replicas: number, options: WriteOptions = {}): Promise<Service> {
    return this.#changeSpec(service, options, ({ spec }) => {
      if (!modeOf(spec).scales) {
        throw invalidObject(`service ${service}`, [
          { path: 'spec.replicas', message: 'a global service runs one task on each node' },
        ]);
      }
      return { ...spec, replicas };
    });
  }

  async rollback(service: string, options: WriteOptions & { to?: string | undefined }): Promise<Service> {
    return this.#update('service', service, options, (current) => {
      const to = options.to ?? current.status.history[0]?.template;
      const template = to === undefined ? undefined : this.#parts.views.of('template').get(to)?.value.spec;
      if (template === undefined) {
        const what = options.to === undefined ? 'earlier template' : `template ${options.to}`;
        throw new GantryError('NOT_FOUND', `service ${service} has no ${what}`);
      }
      const { labels, annotations } = current.meta;
      const next = { labels, annotations, spec: { ...current.spec, template } };
      const back = replaceFields<'service'>(current, next, this.#parts.kinds);
      return { ...back, meta: { ...back.meta, ...rebased(back.meta.managers, template) } };
    });
  }

  restart(service: string, options: WriteOptions = {}): Promise<Service> {
    const restartedAt = this.#parts.clock.now();
    return this.#changeSpec(service, options, ({ spec }) => ({ ...spec, restartedAt }));
  }

  setStatus<K extends StatusKind>(
    kind: K,
    id: string,
    status: (object: KindMap[K]) => StatusOf<KindMap[K]>,
    options: CallOptions = {},
  ): Promise<KindMap[K]> {
    return this.#update(kind, id, { ...options, as: 'status' }, (current) => {
      const next = validateStatus(this.#parts.kinds.get(kind), id, status(current));
      const { status: last } = current as { readonly status?: unknown };
      return canonicalJson(last) === canonicalJson(next) ? current : { ...current, status: next };
    });
  }

  async finalize(kind: Kind, id: string, options: CallOptions = {}): Promise<void> {
    const { views, writer } = this.#parts;
    const entry = views.of(kind).get(id) as Entry<AnyObject> | undefined;
    if (entry === undefined) return;
    if (entry.value.meta.deletedAt === undefined)
      throw new GantryError('CONFLICT', `${kind} ${id} is not being deleted`);
    await writer.remove(kind, entry, options);
  }

  setAvailability(node: string, availability: Availability, options: WriteOptions): Promise<Node> {
    return this.#change('node', node, options, ({ meta, spec }) => ({
      labels: meta.labels,
      spec: { ...spec, availability },
    }));
  }

  #changeSpec(
    service: string,
    options: WriteOptions,
    change: (current: Service) => ServiceSpec,
  ): Promise<Service> {
    return this.#change('service', service, options, (current) => ({
      labels: current.meta.labels,
      spec: change(current),
    }));
  }

  /** Changes what the user wants of an object; the result is checked as if the user had submitted the whole object. */
  #change<K extends InputKind>(
    kind: K,
    id: string,
    options: PatchOptions,
    change: (current: KindMap[K]) => {
      readonly labels: unknown;
      /** Default: as they are. */
      readonly annotations?: unknown;
      readonly spec: unknown;
    },
  ): Promise<KindMap[K]> {
    return this.#update(kind, id, options, (current) => {
      const { name, namespace } = current.meta;
      const { labels, annotations = current.meta.annotations, spec } = change(current);
      const meta = { name, labels, annotations, ...(namespace === undefined ? {} : { namespace }) };
      const valid = validateInput<K>({ kind, meta, spec }, this.#parts.kinds);
      this.#relations.check(valid as Declared);
      const next = valid as Validated<InputKind>;
      return replaceFields(current, { ...next.meta, spec: next.spec }, this.#parts.kinds);
    });
  }

  #written<K extends InputKind>(input: InputMap[K] | unknown): Written<K> {
    return { raw: input as Written['raw'], valid: validateInput<K>(input, this.#parts.kinds) };
  }

  #context({ manager = MANAGER, force = false }: ApplyOptions) {
    const { clock, random, kinds } = this.#parts;
    return { kinds, manager, force, now: clock.now(), uid: () => randomId(random) };
  }

  async #store<K extends InputKind>(
    written: Written<K>,
    options: ApplyOptions,
    refuse: (current: KindMap[K] | undefined) => void = () => {},
  ): Promise<KindMap[K]> {
    const context = this.#context(options);
    const { kind, meta } = written.valid as Validated<InputKind>;
    const entry = await this.#parts.writer.write(
      kind as K,
      idOf(meta),
      (current) => {
        refuse(current);
        return applyInput(written, current, context);
      },
      { ...options, expect: meta.revision },
    );
    return present(entry, this.#parts.kinds);
  }

  async #update<K extends Kind>(
    kind: K,
    id: string,
    options: PatchOptions & { readonly as?: 'delete' | 'status' },
    change: (current: KindMap[K]) => KindMap[K],
  ): Promise<KindMap[K]> {
    const entry = await this.#parts.writer.write(
      kind,
      id,
      (current) => {
        if (current === undefined) throw new GantryError('NOT_FOUND', `${kind} "${id}" not found`);
        return change(current);
      },
      { ...options, expect: options.revision },
    );
    return present(entry, this.#parts.kinds);
  }
}

/** Returns an object that is being deleted, as its finalizer receives it. */
function deleted<T extends AnyObject>(object: T, now: number): T {
  return object.meta.deletedAt === undefined
    ? { ...object, meta: { ...object.meta, deletedAt: now } }
    : object;
}

/** Returns an error that says which objects were written and which were not. */
function partly(error: unknown, written: readonly AnyObject[], all: number): GantryError {
  const { code, message, issues, details } = toGantryError(error);
  const names = written.map(({ kind, meta }) => `${kind}/${idOf(meta)}`);
  const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ' …' : '');
  return new GantryError(
    code,
    `${message}; ${names.length} of ${counted(all, 'object was', 'objects were')} written before: ${shown}`,
    {
      cause: error,
      issues,
      details: { ...details, written: names },
    },
  );
}
