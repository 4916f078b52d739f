import { GantryError } from '@gantry/core';
import {
  canonicalJson,
  DEFAULT_NAMESPACE,
  type InputKind,
  idOf,
  invalidObject,
  type Kind,
  type KindMap,
  type KindTable,
  type ObjectMeta,
  type Validated,
  validateInput,
} from '@gantry/core/model';
import { type FieldPath, fieldText, givenFields, mergeApplied, read, without } from '../merge.ts';

/** An object in two forms: as submitted by the user, and with its defaults filled in. */
export interface Written<K extends InputKind = InputKind> {
  readonly raw: {
    readonly meta?: { readonly labels?: unknown; readonly annotations?: unknown };
    readonly spec?: unknown;
  };
  readonly valid: Validated<K>;
}

/** What `applyInput` needs beyond the object itself. */
export interface ApplyContext {
  readonly kinds: KindTable;
  readonly manager: string;
  readonly force: boolean;
  readonly now: number;
  readonly uid: () => string;
}

/** Fields that every kind has, whichever plugin defines it. */
interface Stored {
  readonly kind: Kind;
  readonly meta: ObjectMeta;
  readonly spec: object;
  readonly status?: unknown;
}

interface Fields {
  readonly labels: Readonly<Record<string, string>>;
  /** Absent if there is none. */
  readonly annotations?: Annotations | undefined;
  readonly spec: object;
}

type Annotations = ObjectMeta['annotations'];

/** Annotations in stored form: without annotations, no property. */
const annotated = (annotations: Annotations): Pick<Fields, 'annotations'> =>
  annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations };

/** Returns the object to store for an applied one: a new one, the changed one, or the current one unchanged. */
export function applyInput<K extends InputKind>(
  { raw, valid }: Written<K>,
  current: KindMap[K] | undefined,
  context: ApplyContext,
): KindMap[K] {
  const input = valid as unknown as Stored;
  const known = current as unknown as Stored | undefined;
  const given: Fields = {
    labels: givenFields(raw.meta?.labels ?? {}, input.meta.labels) as Fields['labels'],
    ...annotated(input.meta.annotations),
    spec: givenFields(raw.spec ?? {}, input.spec),
  };
  if (known === undefined) return created(input, given, context) as unknown as KindMap[K];
  refuseGoing(known, context.kinds);
  if (input.meta.revision !== undefined) {
    const spec = keepSecrets(input.kind, input.spec, known.spec, context.kinds);
    const { labels, annotations } = input.meta;
    const next = { labels, annotations, spec };
    return changed(known, next, known.meta.managers, context.kinds) as unknown as KindMap[K];
  }
  const wanted = { ...given, spec: keepSecrets(input.kind, given.spec, known.spec, context.kinds) };
  const managers = { ...known.meta.managers, [context.manager]: wanted };
  return changed(known, merged(known, wanted, context), managers, context.kinds) as unknown as KindMap[K];
}

/** Returns the current object with the user-defined part replaced; the very same object if nothing differs. */
export function replaceFields<K extends InputKind>(
  current: KindMap[K],
  next: Fields,
  kinds: KindTable,
): KindMap[K] {
  const known = current as unknown as Stored;
  refuseGoing(known, kinds);
  const spec = keepSecrets(known.kind, next.spec, known.spec, kinds);
  return changed(known, { ...next, spec }, known.meta.managers, kinds) as unknown as KindMap[K];
}

function created(input: Stored, given: Fields, { kinds, manager, now, uid }: ApplyContext): Stored {
  const { kind, meta } = input;
  const { namespaced = true, createdBy, initialStatus } = kinds.get(kind) ?? {};
  if (createdBy !== undefined) {
    const text = `${kind} "${idOf(meta)}" not found: a ${kind} is created by ${createdBy}`;
    throw new GantryError('NOT_FOUND', text);
  }
  const spec = keepSecrets(kind, input.spec, undefined, kinds);
  return {
    kind,
    meta: {
      name: meta.name,
      ...(namespaced ? { namespace: meta.namespace ?? DEFAULT_NAMESPACE } : {}),
      uid: uid(),
      generation: 1,
      createdAt: now,
      labels: meta.labels,
      ...annotated(meta.annotations),
      managers: { [manager]: given },
    },
    spec,
    ...(initialStatus === undefined ? {} : { status: initialStatus }),
  };
}

function merged(current: Stored, wanted: Fields, context: ApplyContext): Fields {
  const { manager, force, kinds } = context;
  const { [manager]: last, ...others } = current.meta.managers ?? {};
  const normal = (fields: Fields): Fields => {
    const { name, namespace } = current.meta;
    const { labels, annotations } = fields;
    const meta = { name, labels, annotations, ...(namespace === undefined ? {} : { namespace }) };
    const valid = validateInput({ kind: current.kind, meta, spec: fields.spec }, kinds) as unknown as Stored;
    return { labels: valid.meta.labels, ...annotated(valid.meta.annotations), spec: valid.spec };
  };
  const { meta, spec } = current;
  const live = { labels: meta.labels, ...annotated(meta.annotations), spec };
  /** The value a field would have if no manager had set it; a field that cannot be left out has no such value. */
  const isDefault = (path: FieldPath): boolean => {
    try {
      return (
        canonicalJson(read(normal(without(live, [path]) as unknown as Fields), path)) ===
        canonicalJson(read(live, path))
      );
    } catch {
      return false;
    }
  };
  const { fields, conflicts } = mergeApplied({
    live,
    wanted: { ...wanted },
    last: { ...(last ?? { labels: {}, spec: {} }) },
    others: Object.values(others).map((each) => ({ ...each })),
    isDefault,
  });
  if (conflicts.length > 0 && !force) throw conflict(current, conflicts, manager, others);
  return normal(fields as unknown as Fields);
}

function conflict(
  { kind, meta }: Stored,
  paths: readonly FieldPath[],
  manager: string,
  others: ObjectMeta['managers'] & object,
): GantryError {
  const owner = (path: FieldPath): string =>
    Object.entries(others).find(([, applied]) => read(applied, path) !== undefined)?.[0] ?? 'another manager';
  const fields = paths.map(([first, ...rest]) =>
    fieldText(first === 'spec' ? [first, ...rest] : ['meta', first as string, ...rest]),
  );
  const words = paths.map((path, index) => `${fields[index]} was set by ${owner(path)}`).join(', ');
  return new GantryError('CONFLICT', `${kind} ${idOf(meta)}: ${words}; force takes it over for ${manager}`, {
    details: { fields },
  });
}

function changed(current: Stored, next: Fields, managers: ObjectMeta['managers'], kinds: KindTable): Stored {
  const sameSpec = canonicalJson(current.spec) === canonicalJson(next.spec);
  const sameLabels = canonicalJson(current.meta.labels) === canonicalJson(next.labels);
  const sameManagers = canonicalJson(current.meta.managers) === canonicalJson(managers);
  const { annotations: known, ...meta } = current.meta;
  const { annotations } = annotated(next.annotations);
  const sameAnnotations = canonicalJson(known) === canonicalJson(annotations);
  if (sameSpec && sameLabels && sameAnnotations && sameManagers) return current;
  if (!sameSpec) refuseImmutable(current, next, kinds.get(current.kind)?.immutable ?? []);
  const generation = current.meta.generation + (sameSpec ? 0 : 1);
  const labels = sameLabels ? current.meta.labels : next.labels;
  return {
    ...current,
    meta: {
      ...meta,
      labels,
      ...annotated(annotations),
      generation,
      ...(managers === undefined ? {} : { managers }),
    },
    spec: sameSpec ? current.spec : next.spec,
  };
}

function refuseGoing({ kind, meta }: Stored, kinds: KindTable): void {
  if (meta.deletedAt === undefined) return;
  const finalizer = kinds.get(kind)?.deletion?.finalizer;
  const by = finalizer === undefined ? '' : `; ${finalizer} removes it`;
  throw new GantryError('CONFLICT', `${kind} ${idOf(meta)} is being deleted: wait until it is gone${by}`);
}

function refuseImmutable(current: Stored, next: Fields, immutable: readonly string[]): void {
  const { kind, meta, spec } = current;
  const issues = immutable.flatMap((path) => {
    const field = path.split('.');
    const [was, is] = [read({ spec }, field), read({ spec: next.spec }, field)];
    if (canonicalJson(was) === canonicalJson(is)) return [];
    return [{ path, message: `cannot be changed: delete the ${kind} and create it again` }];
  });
  if (issues.length > 0) throw invalidObject(`${kind} ${idOf(meta)}`, issues);
}

/** Replaces redacted values with the stored ones, as the kind declares. */
function keepSecrets<S extends object>(kind: Kind, spec: S, stored: object | undefined, kinds: KindTable): S {
  return (kinds.get(kind)?.secrets?.keep?.(spec, stored as never) ?? spec) as S;
}
