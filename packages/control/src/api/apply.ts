import {
  canonicalJson,
  DEFAULT_NAMESPACE,
  GantryError,
  type InputKind,
  idOf,
  invalidObject,
  type KindDefinition,
  type KindMap,
  type ObjectMeta,
  type ServiceStatus,
  type Validated,
  validateInput,
} from '@gantry/core';
import { type FieldPath, fieldText, givenFields, mergeApplied, read, without } from '../merge.ts';
import { withKeptSecrets } from './kept-secrets.ts';

/** An object somebody wrote: as he wrote it, and filled in. */
export interface Written<K extends InputKind = InputKind> {
  readonly raw: {
    readonly meta?: { readonly labels?: unknown; readonly annotations?: unknown };
    readonly spec?: unknown;
  };
  readonly valid: Validated<K>;
}

/** What `applyInput` has to know beyond the object itself. */
export interface ApplyContext {
  readonly kinds: readonly KindDefinition[];
  readonly manager: string;
  readonly force: boolean;
  readonly now: number;
  readonly uid: () => string;
}

/** What every kind has, whoever brought it. */
interface Stored {
  readonly kind: string;
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

/** Annotations as they are stored: no property for none. */
const annotated = (annotations: Annotations): Pick<Fields, 'annotations'> =>
  annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations };

/** The object to store for one that was applied: a new one, the changed one, or the current one as it is. */
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
  refuseGoing(known);
  if (input.meta.revision !== undefined) {
    const spec = withKeptSecrets(input.kind, input.spec, known.spec);
    const { labels, annotations } = input.meta;
    return changed(known, { labels, annotations, spec }, known.meta.managers) as unknown as KindMap[K];
  }
  const wanted = { ...given, spec: withKeptSecrets(input.kind, given.spec, known.spec) };
  const managers = { ...known.meta.managers, [context.manager]: wanted };
  return changed(known, merged(known, wanted, context), managers) as unknown as KindMap[K];
}

/** The current object with what the user wants of it replaced; the very same one where nothing is different. */
export function replaceFields<K extends InputKind>(current: KindMap[K], next: Fields): KindMap[K] {
  const known = current as unknown as Stored;
  refuseGoing(known);
  const spec = withKeptSecrets(known.kind, next.spec, known.spec);
  return changed(known, { ...next, spec }, known.meta.managers) as unknown as KindMap[K];
}

function created(input: Stored, given: Fields, { manager, now, uid }: ApplyContext): Stored {
  const { kind, meta } = input;
  if (kind === 'node') {
    throw new GantryError(
      'NOT_FOUND',
      `node ${meta.name}: nodes come with their agents and cannot be created`,
    );
  }
  const spec = withKeptSecrets(kind, input.spec, undefined);
  return {
    kind,
    meta: {
      name: meta.name,
      namespace: meta.namespace ?? DEFAULT_NAMESPACE,
      uid: uid(),
      generation: 1,
      createdAt: now,
      labels: meta.labels,
      ...annotated(meta.annotations),
      managers: { [manager]: given },
    },
    spec,
    ...(kind === 'service' ? { status: NEW_SERVICE } : {}),
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
  /** What a field would be if nobody had set it; a field that cannot be left out has no such value. */
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
    Object.entries(others).find(([, applied]) => read(applied, path) !== undefined)?.[0] ?? 'somebody else';
  const fields = paths.map(([first, ...rest]) =>
    fieldText(first === 'spec' ? [first, ...rest] : ['meta', first as string, ...rest]),
  );
  const words = paths.map((path, index) => `${fields[index]} was set by ${owner(path)}`).join(', ');
  return new GantryError('CONFLICT', `${kind} ${idOf(meta)}: ${words}; force takes it over for ${manager}`, {
    details: { fields },
  });
}

function changed(current: Stored, next: Fields, managers: ObjectMeta['managers']): Stored {
  const sameSpec = canonicalJson(current.spec) === canonicalJson(next.spec);
  const sameLabels = canonicalJson(current.meta.labels) === canonicalJson(next.labels);
  const sameManagers = canonicalJson(current.meta.managers) === canonicalJson(managers);
  const { annotations: known, ...meta } = current.meta;
  const { annotations } = annotated(next.annotations);
  const sameAnnotations = canonicalJson(known) === canonicalJson(annotations);
  if (sameSpec && sameLabels && sameAnnotations && sameManagers) return current;
  if (!sameSpec && current.kind === 'network') {
    throw invalidObject(`network ${idOf(current.meta)}`, [
      { path: 'spec', message: 'a network cannot be changed: delete it and create it anew' },
    ]);
  }
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

function refuseGoing({ kind, meta }: Stored): void {
  if (meta.deletedAt === undefined) return;
  throw new GantryError('CONFLICT', `${kind} ${idOf(meta)} is being deleted: wait until it is gone`);
}

const NEW_SERVICE: ServiceStatus = Object.freeze({
  observedGeneration: 0,
  template: '',
  desired: 0,
  running: 0,
  ready: 0,
  updated: 0,
  history: [],
  published: [],
  conditions: [],
});
