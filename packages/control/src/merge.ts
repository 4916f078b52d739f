import { type Applied, canonicalJson, type ObjectMeta, type TemplateSpec } from '@gantry/core/model';

type Fields = Readonly<Record<string, unknown>>;

/** A field as the keys that lead to it. Lists and all other values that are not objects are fields as a whole. */
export type FieldPath = readonly string[];

export interface MergeInput {
  /** The stored fields. */
  readonly live: Fields;
  /** The fields that the manager applies now and those that it applied last: only the ones it has set. */
  readonly wanted: Fields;
  readonly last: Fields;
  /** What the other managers have applied. */
  readonly others: readonly Fields[];
  /** Whether the live value of a field is the value it would have if no manager had set it. */
  readonly isDefault: (path: FieldPath) => boolean;
}

export interface Merged {
  readonly fields: Fields;
  /** Fields that another manager has set to a value other than the wanted one. */
  readonly conflicts: readonly FieldPath[];
}

/**
 * Three-way merge: sets the wanted fields, removes fields that were applied before and are no longer wanted, keeps the
 * rest. A wanted field that another manager has set, or has changed since, is a conflict; `fields` has the wanted value
 * all the same, for callers that force it. Source: Kubernetes, "Server-Side Apply"; lists are atomic here.
 */
export function mergeApplied({ live, wanted, last, others, isDefault }: MergeInput): Merged {
  const fields = structuredClone(live) as Record<string, unknown>;
  const conflicts: FieldPath[] = [];
  for (const path of dropped(last, wanted)) {
    const was = read(last, path);
    const taken = others.some((other) => read(other, path) !== undefined);
    if (!taken && contains(read(live, path), was)) remove(fields, path);
  }
  for (const path of leavesOf(wanted)) {
    const want = read(wanted, path);
    const is = read(live, path);
    if (same(is, want)) continue;
    if (is !== undefined) {
      const mine = read(last, path);
      const owned = others.some((other) => read(other, path) !== undefined);
      const free = mine === undefined ? !owned && isDefault(path) : same(is, mine);
      if (!free) conflicts.push(path);
    }
    write(fields, path, want);
  }
  return { fields, conflicts };
}

/** The values of a defaulted object at the given fields: what a manager has set, in its normal form. */
export function givenFields(given: unknown, normal: unknown): Fields {
  const picked: Record<string, unknown> = {};
  if (!isObject(given) || !isObject(normal)) return picked;
  for (const [key, value] of Object.entries(given)) {
    const filled = normal[key];
    if (value === undefined || filled === undefined) continue;
    picked[key] = isObject(value) && isObject(filled) ? givenFields(value, filled) : filled;
  }
  return picked;
}

/** Returns what managers have applied, after a return to an earlier template on behalf of all of them. */
export function rebased(
  managers: ObjectMeta['managers'],
  template: TemplateSpec,
): Pick<ObjectMeta, 'managers'> {
  if (managers === undefined) return {};
  const back = ({ spec, ...meta }: Applied): Applied => {
    const { template: applied, ...rest } = spec as { readonly template?: unknown };
    return {
      ...meta,
      spec: applied === undefined ? rest : { ...rest, template: givenFields(applied, template) },
    };
  };
  return {
    managers: Object.fromEntries(Object.entries(managers).map(([name, applied]) => [name, back(applied)])),
  };
}

/** JSON merge patch: `null` removes, objects are merged, all else replaces. Source: RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...(isObject(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(own(merged, key), value);
  }
  return merged;
}

/** `spec.template.image`. */
export function fieldText(path: FieldPath): string {
  return path.join('.');
}

export function read(fields: unknown, path: FieldPath): unknown {
  let value = fields;
  for (const key of path) {
    if (!isObject(value)) return undefined;
    value = own(value, key);
  }
  return value;
}

/** A copy without these fields, and without the objects they leave empty. */
export function without(fields: Fields, paths: readonly FieldPath[]): Fields {
  const copy = structuredClone(fields) as Record<string, unknown>;
  for (const path of paths) remove(copy, path);
  return copy;
}

function* leavesOf(fields: Fields, path: FieldPath = []): Iterable<FieldPath> {
  for (const [key, value] of Object.entries(fields)) {
    const at = [...path, key];
    if (isObject(value)) yield* leavesOf(value, at);
    else yield at;
  }
}

/** The topmost fields that existed and no longer do. */
function* dropped(last: Fields, wanted: Fields, path: FieldPath = []): Iterable<FieldPath> {
  for (const [key, was] of Object.entries(last)) {
    const at = [...path, key];
    const is = own(wanted, key);
    if (is === undefined) yield at;
    else if (isObject(was) && isObject(is)) yield* dropped(was, is, at);
  }
}

/** Whether everything that was applied is still unchanged. */
function contains(live: unknown, applied: unknown): boolean {
  if (!isObject(applied)) return same(live, applied);
  return isObject(live) && Object.entries(applied).every(([key, value]) => contains(own(live, key), value));
}

function remove(fields: Record<string, unknown>, [key, ...rest]: FieldPath): void {
  if (key === undefined) return;
  const child = own(fields, key);
  if (rest.length === 0) delete fields[key];
  else if (isObject(child)) {
    remove(child as Record<string, unknown>, rest);
    if (Object.keys(child).length === 0) delete fields[key];
  }
}

function write(fields: Record<string, unknown>, [key, ...rest]: FieldPath, value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) {
    fields[key] = value;
    return;
  }
  const child = own(fields, key);
  const next = isObject(child) ? (child as Record<string, unknown>) : {};
  fields[key] = next;
  write(next, rest, value);
}

function same(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
