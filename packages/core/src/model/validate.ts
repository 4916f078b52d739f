import type { z } from 'zod';
import { GantryError, type Issue } from '../errors.ts';
import { pathOf } from '../path-of.ts';
import { invalidObject } from './invalid-object.ts';
import type { KindDefinition } from './kind-definition.ts';
import type { InputKind, InputMap, Kind } from './kind-map.ts';
import { type KindTable, kindTable } from './kind-table.ts';
import { annotationsSchema, type MetaInput } from './meta.ts';
import type { networkInputSchema } from './network.ts';
import type { nodeInputSchema } from './node.ts';
import { checkPlainData, withoutNegativeZero } from './plain-data.ts';
import type { serviceInputSchema } from './service.ts';

interface CoreSchemas {
  readonly node: typeof nodeInputSchema;
  readonly service: typeof serviceInputSchema;
  readonly network: typeof networkInputSchema;
}

/** The validated, filled-in form of an input. */
export type Validated<K extends InputKind> = K extends keyof CoreSchemas
  ? z.output<CoreSchemas[K]>
  : InputMap[K] & {
      /** Name, namespace, labels and annotations, filled in. */
      readonly meta: MetaInput;
    };

/**
 * Checks that a value a user wrote is data as JSON has it, and returns it, with 0 for each negative zero.
 *
 * @throws `INVALID_OBJECT` with every problem, for NUL, halves of surrogate pairs, NaN, infinity, `__proto__`, nesting
 * deeper than 64 levels, and what is not data.
 */
export function plainData<T>(value: T, what = 'object'): T {
  const { issues, negativeZero } = checkPlainData(value);
  if (issues.length > 0) throw invalidObject(what, issues);
  return negativeZero ? withoutNegativeZero(value) : value;
}

/**
 * Validates an object a user wrote and fills in its defaults; `kinds`: what the cluster knows beside the core's own.
 *
 * @throws `INVALID_OBJECT` with every problem: its path and its reason.
 */
export function validateInput<K extends InputKind>(
  given: InputMap[K] | unknown,
  kinds: KindTable = CORE_TABLE,
): Validated<K> {
  const input = plainData(given, nameOf(given));
  const kind = (input as { kind?: unknown } | null)?.kind;
  const definition = kinds.get(kind as Kind);
  const schema = definition?.input;
  if (definition === undefined || schema === undefined) {
    const writable = [...kinds.values()].filter((each) => each.input !== undefined);
    const expected = writable.map((each) => each.kind).join(', ');
    throw invalidObject('object', [
      { path: 'kind', message: `expected one of ${expected}, got ${JSON.stringify(kind)}` },
    ]);
  }
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise) throw new TypeError(`kind ${kind}: its schema must not be asynchronous`);
  const { name, namespace } = (input as { meta?: { name?: unknown; namespace?: unknown } }).meta ?? {};
  if (result.issues === undefined) {
    checkAnnotations(kind as string, result.value as Partial<Annotated>);
    if (definition.namespaced || namespace === undefined) return result.value as Validated<K>;
    throw invalidObject(`${kind} ${String(name)}`, [
      { path: 'meta.namespace', message: `${kind} objects are not namespaced` },
    ]);
  }
  throw invalidObject(
    typeof name === 'string' ? `${kind} ${name}` : String(kind),
    issuesOf(result.issues as readonly z.core.$ZodIssue[]),
  );
}

/**
 * Validates the status that a controller wrote for an object, by the schema that the object's kind declares.
 *
 * @throws `UNSUPPORTED` if the kind declares none, `INVALID_OBJECT` with every problem.
 */
export function validateStatus(definition: KindDefinition | undefined, id: string, given: unknown): unknown {
  const kind = definition?.kind ?? 'object';
  const schema = definition?.status;
  if (schema === undefined) {
    const text = `${kind} ${id}: its status cannot be set: the kind declares no schema of its status`;
    throw new GantryError('UNSUPPORTED', text);
  }
  const result = schema['~standard'].validate(plainData(given, `status of ${kind} ${id}`));
  if (result instanceof Promise)
    throw new TypeError(`kind ${kind}: its status schema must not be asynchronous`);
  if (result.issues === undefined) return result.value;
  const issues = issuesOf(result.issues as readonly z.core.$ZodIssue[], ['status']);
  throw invalidObject(`${kind} ${id}`, issues);
}

const CORE_TABLE = kindTable([]);

interface Annotated {
  readonly meta: { readonly name?: unknown; readonly annotations?: unknown };
}

/** The schema of a kind from elsewhere may let anything pass. */
function checkAnnotations(kind: string, { meta }: Partial<Annotated>): void {
  if (meta?.annotations === undefined) return;
  const { error } = annotationsSchema.safeParse(meta.annotations);
  if (error === undefined) return;
  const issues = error.issues.map((issue) => ({ ...issue, path: ['meta', 'annotations', ...issue.path] }));
  throw invalidObject(`${kind} ${String(meta.name)}`, issuesOf(issues));
}

/** What an object calls itself, for an error about it. */
function nameOf(given: unknown): string {
  const { kind, meta } = (given ?? {}) as { kind?: unknown; meta?: { name?: unknown } | null };
  const name = meta?.name;
  const words = [kind, name].filter((word) => typeof word === 'string' && /^[A-Za-z0-9.-]{1,63}$/.test(word));
  return words.length === 0 ? 'object' : words.join(' ');
}

/** Flattens zod's issues: one per unknown field, and of a union the branch that came furthest. */
function issuesOf(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const path = [...base, ...(issue.path ?? [])];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: pathOf([...path, key]), message: 'unknown field' }));
    }
    if (issue.code === 'invalid_key' && issue.issues.length > 0) {
      return issue.issues.map(({ message }) => ({ path: pathOf(path), message }));
    }
    if (issue.code === 'invalid_union') {
      const deepest = issue.errors
        .map((branch) => issuesOf(branch, path))
        .sort((a, b) => depth(b) - depth(a))
        .find((branch) => depth(branch) > path.length);
      if (deepest !== undefined) return deepest;
    }
    return [{ path: pathOf(path), message: lowerFirst(issue.message) }];
  });
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.split(/[.[]/).length));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
