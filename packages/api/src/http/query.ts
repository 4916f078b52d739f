import type { Issue } from '@gantry/core';
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
export function parseQuery(schema: z.ZodType, query: unknown): unknown {
  // The parser's object has no prototype, so a key such as __proto__ is an own key and rejected as unknown like any
  // other.
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const { message, issues } = invalidObject('query', issuesOf(result.error.issues));
  throw new HttpRefusal(400, 'INVALID_OBJECT', message, issues);
}

/**
 * Validates a body.
 * @throws `INVALID_OBJECT`, 422.
 */
export function parseBody(schema: z.ZodType, body: unknown): unknown {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidObject('body', issuesOf(result.error.issues));
}

function issuesOf(issues: readonly z.core.$ZodIssue[]): readonly Issue[] {
  return issues.flatMap((issue): readonly Issue[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'is unknown' }))
      : [
          {
            path: pathOf(issue.path),
            message: issue.message.charAt(0).toLowerCase() + issue.message.slice(1),
          },
        ],
  );
}
