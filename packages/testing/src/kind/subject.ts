import {
  type AnyObject,
  DEFAULT_NAMESPACE,
  type Declared,
  type InputKind,
  type Kind,
  type KindDefinition,
  type KindTable,
  kindTable,
  type ObjectMeta,
  validateInput,
} from '@gantry/core/model';
import type { Case } from '../kit.ts';

/** A kind, and the objects to test it with. */
export interface KindSubject {
  readonly definition: KindDefinition;
  /** Valid user input. Together the inputs should have every field that the kind knows, secrets and references too. */
  readonly inputs: readonly unknown[];
  /** Objects as stored: required for a kind whose objects users do not create, and useful for one with a status. */
  readonly objects?: readonly AnyObject[] | undefined;
  /** The other kinds that it refers to, in addition to those of the core. */
  readonly others?: readonly KindDefinition[] | undefined;
}

export type KindCase = Case<KindSubject>;

/** The parts read from a kind's objects: the input with defaults filled in by validation. */
export interface Filled extends Declared {
  readonly spec: never;
  readonly meta: ObjectMeta;
}

/** The kind among the others that its cluster knows. */
export function tableOf({ definition, others = [] }: KindSubject): KindTable {
  const core = kindTable([]);
  const more = [...others, definition].filter(({ kind }) => !core.has(kind));
  return kindTable(more);
}

/** A value whose every part is frozen, so that a change throws. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** A copy that may be changed. */
export function copyOf<T>(value: T): T {
  return structuredClone(value);
}

/** Every input, validated and filled in. */
export function filled(subject: KindSubject): readonly Filled[] {
  const kinds = tableOf(subject);
  return subject.inputs.map((input) => frozen(validateInput<InputKind>(copyOf(input), kinds)) as Filled);
}

/** Objects of the kind as the store has them: those of the subject, and one for each input. */
export function stored(subject: KindSubject): readonly Filled[] {
  const { namespaced, initialStatus, createdBy } = subject.definition;
  const written = createdBy === undefined ? filled(subject) : [];
  const made = written.map(({ kind, meta, spec }, index) => {
    const { name, labels, annotations } = meta;
    return frozen({
      kind,
      meta: {
        name,
        ...(namespaced ? { namespace: meta.namespace ?? DEFAULT_NAMESPACE } : {}),
        uid: `uid-${index}`,
        generation: 1,
        createdAt: 1_700_000_000_000,
        labels,
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec,
      ...(initialStatus === undefined ? {} : { status: initialStatus }),
    }) as unknown as Filled;
  });
  return [...made, ...(subject.objects ?? []).map((object) => frozen(copyOf(object)) as unknown as Filled)];
}

/** The value at `spec.networks[0].name`. */
export function valueAt(object: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== '')
    .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], object);
}

/** Why a case does not concern a kind that users do not write. */
export function notWritten({ definition }: KindSubject): string | undefined {
  return definition.input === undefined ? 'only the cluster writes it' : undefined;
}

/** Names the object that a law fails for. */
export function named(kind: Kind, object: { readonly meta?: { readonly name?: string } }): string {
  return `${kind} ${object.meta?.name}`;
}
