import { deepStrictEqual, doesNotThrow, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import type { Claim, DriverReference, Reference } from '@gantry/core/model';
import {
  copyOf,
  type Filled,
  frozen,
  type KindCase,
  type KindSubject,
  named,
  stored,
  tableOf,
  valueAt,
} from './subject.ts';

interface Said {
  readonly references: readonly Reference[];
  readonly claims: readonly Claim[];
  readonly drivers: readonly DriverReference[];
  readonly indexes: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Everything that a kind's definition derives from an object. */
function said({ definition }: KindSubject, object: Filled): Said {
  const { indexes = {} } = definition;
  return {
    references: definition.references?.(object) ?? [],
    claims: definition.claims?.(object) ?? [],
    drivers: definition.drivers?.(object) ?? [],
    indexes: Object.fromEntries(Object.entries(indexes).map(([name, read]) => [name, read(object as never)])),
  };
}

/** The places where two values differ, as pairs of their values there. */
function differences(a: unknown, b: unknown): readonly (readonly [unknown, unknown])[] {
  if (a === b) return [];
  const apart = [a, b].some((value) => typeof value !== 'object' || value === null);
  if (apart) return [[a, b]];
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].flatMap((key) => differences(left[key], right[key]));
}

const relationCases: readonly KindCase[] = [
  {
    name: 'its names are DNS labels that no other kind has, and its columns have a title each',
    run(subject) {
      doesNotThrow(() => tableOf(subject));
      const { description, columns = [] } = subject.definition;
      match(description, /\S/);
      const titles = columns.map(({ title }) => title);
      strictEqual(new Set(titles).size, titles.length, `a title occurs twice: ${titles.join(', ')}`);
      for (const title of titles) strictEqual(title, title.toUpperCase());
    },
  },
  {
    name: 'the functions of a kind return the same each time, and change nothing',
    run(subject) {
      const objects = stored(subject);
      ok(objects.length > 0, 'the subject has neither inputs nor objects');
      for (const object of objects) {
        const before = copyOf(object);
        deepStrictEqual(said(subject, object), said(subject, object));
        deepStrictEqual(object, before);
      }
    },
  },
  {
    name: 'references, claims and drivers name fields that the object has',
    run(subject) {
      for (const object of stored(subject)) {
        const { references, claims, drivers } = said(subject, object);
        for (const { path } of [...references, ...claims, ...drivers]) {
          const value = valueAt(object, path);
          ok(value !== undefined, `${named(object.kind, object)} has no field "${path}"`);
        }
      }
    },
  },
  {
    name: 'references lead to known kinds, which are applied no later than the kind itself',
    run(subject) {
      const kinds = tableOf(subject);
      const own = subject.definition.applyOrder ?? 0;
      for (const object of stored(subject)) {
        for (const { kind, id, path } of said(subject, object).references) {
          const other = kinds.get(kind);
          ok(other !== undefined, `${path} leads to the unknown kind "${kind}"`);
          match(id, /\S/);
          if (kind === subject.definition.kind) continue;
          ok((other.applyOrder ?? 0) <= own, `a ${kind} is applied after the ${subject.definition.kind}`);
        }
      }
    },
  },
  {
    name: 'an index has texts, or nothing, for every object',
    run(subject) {
      for (const object of stored(subject)) {
        for (const [name, values] of Object.entries(said(subject, object).indexes)) {
          for (const value of [values ?? []].flat())
            strictEqual(typeof value, 'string', `index ${name} of ${named(object.kind, object)}`);
        }
      }
    },
  },
  {
    name: 'columns show texts, numbers and booleans, and each shows something of some object',
    skip: ({ definition }) => (definition.columns === undefined ? 'it has no columns' : undefined),
    run(subject) {
      for (const { title, path } of subject.definition.columns ?? []) {
        const values = stored(subject).map((object) => valueAt(object, path));
        const shown = values.filter((value) => value !== undefined && value !== null);
        ok(shown.length > 0, `column ${title}: no object has "${path}"`);
        for (const value of shown) match(typeof value, /^(string|number|boolean)$/, `column ${title}`);
      }
    },
  },
  {
    name: 'an immutable field is the spec, or a field of it',
    skip: ({ definition }) => (definition.immutable === undefined ? 'all of it can be changed' : undefined),
    run(subject) {
      for (const path of subject.definition.immutable ?? []) {
        match(path, /^spec(\.|$)/);
        ok(
          stored(subject).some((object) => valueAt(object, path) !== undefined),
          `no object has "${path}"`,
        );
      }
    },
  },
];

const noSecrets = ({ definition }: KindSubject): string | undefined =>
  definition.secrets === undefined ? 'it has no secrets' : undefined;

/** The specs that have secrets. */
function secretive(subject: KindSubject): readonly (Filled & { readonly redacted: object })[] {
  const { secrets } = subject.definition;
  const found = stored(subject)
    .map((object) => ({ ...object, redacted: secrets?.redact(object.spec) as object }))
    .filter(({ redacted, spec }) => redacted !== spec);
  ok(found.length > 0, 'no input of the subject has a secret: give it one');
  return found;
}

const secretCases: readonly KindCase[] = [
  {
    name: 'a secret is shown as <redacted>, and everything else unchanged',
    skip: noSecrets,
    run(subject) {
      for (const { spec, redacted } of secretive(subject)) {
        const places = differences(spec, redacted);
        ok(places.length > 0, 'a copy was made of a spec that has no secrets');
        for (const [, shown] of places) strictEqual(shown, '<redacted>');
        deepStrictEqual(subject.definition.secrets?.redact(frozen(redacted) as never), redacted);
      }
    },
  },
  {
    name: 'a spec that comes back as it was shown keeps its secrets',
    skip: (subject) =>
      noSecrets(subject) ?? (subject.definition.secrets?.keep ? undefined : 'users do not write it'),
    run(subject) {
      const { secrets } = subject.definition;
      for (const { spec, redacted } of secretive(subject)) {
        deepStrictEqual(secrets?.keep?.(frozen(copyOf(redacted)) as never, spec), spec);
        strictEqual(secrets?.keep?.(spec, spec), spec, 'a spec without <redacted> is not the very same');
      }
    },
  },
  {
    name: 'a value for operators is shown to viewers as <redacted>, and keeps its value if it comes back so',
    skip: ({ definition }) => (definition.secrets?.hide ? undefined : 'it hides nothing from viewers'),
    run(subject) {
      const { secrets } = subject.definition;
      let count = 0;
      for (const { spec } of stored(subject)) {
        const shown = secrets?.redact(spec) as object;
        const hidden = secrets?.hide?.(frozen(copyOf(shown)) as never) as object;
        const places = differences(shown, hidden);
        count += places.length;
        for (const [, value] of places) strictEqual(value, '<redacted>');
        deepStrictEqual(secrets?.hide?.(frozen(copyOf(hidden)) as never), hidden);
        if (secrets?.keep !== undefined)
          deepStrictEqual(secrets.keep(frozen(copyOf(hidden)) as never, spec), spec);
      }
      ok(count > 0, 'no input of the subject has a value to hide: give it one');
    },
  },
  {
    name: '<redacted> without a stored value is rejected',
    skip: (subject) =>
      noSecrets(subject) ?? (subject.definition.secrets?.keep ? undefined : 'users do not write it'),
    run(subject) {
      for (const { redacted } of secretive(subject)) {
        let error: unknown;
        try {
          subject.definition.secrets?.keep?.(frozen(copyOf(redacted)) as never, undefined);
        } catch (thrown) {
          error = thrown;
        }
        ok(isGantryError(error, 'INVALID_OBJECT'), 'it was accepted');
      }
    },
  },
];

const deletionCases: readonly KindCase[] = [
  {
    name: 'a deletion in progress is not started again, and the object stays the same',
    skip: ({ definition }) =>
      definition.deletion?.begin === undefined ? 'its deletion begins as that of others' : undefined,
    run(subject) {
      const { begin, finalizer } = subject.definition.deletion ?? {};
      ok(finalizer !== undefined, 'it begins a deletion that no finalizer ends');
      for (const object of stored(subject)) {
        const begun = frozen(begin?.(object as never, 1000)) as unknown as Filled;
        notStrictEqual(begun, undefined);
        deepStrictEqual(
          [begun.kind, begun.meta.name, begun.meta.uid],
          [object.kind, object.meta.name, object.meta.uid],
        );
        deepStrictEqual(begin?.(begun as never, 2000), begun);
      }
    },
  },
  {
    name: 'it says why an object cannot be deleted with an error that has a code',
    skip: ({ definition }) =>
      definition.deletion?.refuse === undefined ? 'all of its objects can be deleted' : undefined,
    run(subject) {
      for (const object of stored(subject)) {
        const why = subject.definition.deletion?.refuse?.(object as never);
        ok(why === undefined || isGantryError(why), String(why));
      }
    },
  },
];

/** Cases about what a definition derives from objects of its kind. */
export const behaviourCases: readonly KindCase[] = [...relationCases, ...secretCases, ...deletionCases];
