import { deepStrictEqual, ok, throws } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { type InputKind, plainData, validateInput } from '@gantry/core/model';
import {
  copyOf,
  filled,
  frozen,
  type KindCase,
  type KindSubject,
  named,
  notWritten,
  stored,
  tableOf,
} from './subject.ts';

const refused = (error: unknown): boolean => isGantryError(error, 'INVALID_OBJECT');

const validate = (subject: KindSubject, input: unknown): unknown =>
  validateInput<InputKind>(input, tableOf(subject));

/** The input with additional, or replaced, fields. */
const withMore = (input: unknown, more: object): unknown => ({ ...(copyOf(input) as object), ...more });

/** Input of users: validation, defaults, and rejection. */
export const inputCases: readonly KindCase[] = [
  {
    name: 'every input is accepted, and accepted again, unchanged, as it was filled in',
    skip: notWritten,
    run(subject) {
      ok(subject.inputs.length > 0, 'the subject has no inputs');
      for (const input of filled(subject)) deepStrictEqual(validate(subject, copyOf(input)), input);
    },
  },
  {
    name: 'validating an input does not change it, and has the same result each time',
    skip: notWritten,
    run(subject) {
      for (const each of subject.inputs) {
        const input = frozen(copyOf(each));
        deepStrictEqual(validate(subject, input), validate(subject, input));
        deepStrictEqual(input, each);
      }
    },
  },
  {
    name: 'an unknown field is rejected, wherever it is',
    skip: notWritten,
    run(subject) {
      for (const input of filled(subject)) {
        const unknown = { 'no-such-field': 1 };
        const { meta, spec } = input;
        const wrong = [
          unknown,
          { spec: { ...(spec as object), ...unknown } },
          { meta: { ...meta, ...unknown } },
        ];
        for (const more of wrong) throws(() => validate(subject, withMore(input, more)), refused);
      }
    },
  },
  {
    name: 'an object without a name, or with the name of another kind, is rejected',
    skip: notWritten,
    run(subject) {
      for (const input of filled(subject)) {
        const { namespace } = input.meta;
        for (const more of [{ meta: { namespace } }, { kind: 'no-such-kind' }])
          throws(() => validate(subject, withMore(input, more)), refused);
      }
    },
  },
  {
    name: 'an object that was read can be applied again unchanged',
    skip: notWritten,
    run(subject) {
      for (const object of stored(subject)) {
        const read = copyOf({ ...object, meta: { ...object.meta, revision: 7 } });
        const again = validate(subject, read) as typeof object;
        deepStrictEqual(again.spec, object.spec, named(object.kind, object));
      }
    },
  },
  {
    name: 'the initial status is plain data, and the schema of the status accepts it unchanged',
    skip: ({ definition }) =>
      definition.initialStatus === undefined ? 'it begins with no status' : undefined,
    run({ definition }) {
      const { status, initialStatus } = definition;
      deepStrictEqual(plainData(initialStatus), initialStatus);
      const result = status?.['~standard'].validate(copyOf(initialStatus));
      if (result !== undefined) deepStrictEqual(result, { value: initialStatus });
    },
  },
  {
    name: 'an unknown field of the status is rejected',
    skip: ({ definition }) =>
      definition.status === undefined || definition.initialStatus === undefined
        ? 'it declares no schema of its status, or begins with none'
        : undefined,
    run({ definition }) {
      const status = { ...(definition.initialStatus as object), 'no-such-field': 1 };
      const result = definition.status?.['~standard'].validate(status);
      ok(result !== undefined && 'issues' in result && result.issues !== undefined, 'it was accepted');
    },
  },
];
