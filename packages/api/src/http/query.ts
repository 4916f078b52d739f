import type { Issue, StandardResult, StandardSchema } from '@gantry/core';
import { invalidObject, pathOf } from '@gantry/core/model';
import { z } from 'zod';
import { HttpRefusal } from './problem.ts';

/** Whole numbers and booleans in a query. */
export const queryInt = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'expected a whole number')
  .transform(Number);

export const queryCount = z
  .string()
  .regex(/^[1-9][0-9]{0,14}$/, 'expected a whole number above 0')
  .transform(Number);

export const queryFlag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Name of a field manager, which becomes a key of the stored object. */
export const queryManager = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/@ -]{0,99}$/,
    'expected a name of at most 100 letters, digits and . _ / @ -',
  );

/** A parameter that may be repeated. */
export const queryList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

/**
 * Validates a query.
 * @throws `INVALID_OBJECT`, 400.
 */
export function parseQuery(schema: StandardSchema, query: unknown): unknown {
  // The parser's object has no prototype, so a key such as __proto__ is an own key and rejected as unknown like any
  // other.
  const result = validate(schema, query);
  if (result.issues === undefined) return result.value;
  const { message, issues } = invalidObject('query', issuesOf(result.issues));
  throw new HttpRefusal(400, 'INVALID_OBJECT', message, issues);
}

/**
 * Validates a body.
 * @throws `INVALID_OBJECT`, 422.
 */
export function parseBody(schema: StandardSchema, body: unknown): unknown {
  const result = validate(schema, body);
  if (result.issues === undefined) return result.value;
  throw invalidObject('body', issuesOf(result.issues));
}

function validate(schema: StandardSchema, value: unknown): StandardResult<unknown> {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) throw new TypeError('the schema of a route must not be asynchronous');
  return result;
}

type StandardIssue = NonNullable<StandardResult<unknown>['issues']>[number];

function issuesOf(issues: readonly StandardIssue[]): readonly Issue[] {
  return issues.flatMap((issue): readonly Issue[] => {
    const { path = [], message } = issue;
    const { keys } = issue as { readonly keys?: readonly string[] };
    if (isZodIssue(issue, 'unrecognized_keys') && keys !== undefined)
      return keys.map((key) => ({ path: pathOf([...path, key]), message: 'is unknown' }));
    return [{ path: pathOf(path), message: message.charAt(0).toLowerCase() + message.slice(1) }];
  });
}

function isZodIssue(issue: StandardIssue, code: string): boolean {
  return (issue as { readonly code?: unknown }).code === code;
}
