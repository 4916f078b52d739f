import { GantryError, type Issue } from '../errors.ts';

/** `INVALID_OBJECT` whose message names the object and lists every problem. */
export function invalidObject(what: string, issues: readonly Issue[], reason?: string): GantryError {
  const text = issues
    .map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`))
    .join('; ');
  const details = reason === undefined ? {} : { reason };
  return new GantryError('INVALID_OBJECT', `${what}: ${text}`, { issues, details });
}
