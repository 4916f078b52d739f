import { ERROR_CODES, type ErrorCode, GantryError, type Issue } from '@gantry/core';

/** Restores the error with which the server answered; any other response is an error of a proxy or of the network. */
export function errorOf(problem: unknown, status: number): GantryError {
  const { code, detail, issues, details } = (problem ?? {}) as Record<string, unknown>;
  if (typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)) {
    return new GantryError(code as ErrorCode, typeof detail === 'string' ? detail : code, {
      ...(Array.isArray(issues) ? { issues: issues.filter(isIssue) } : {}),
      ...(typeof details === 'object' && details !== null ? { details: { ...details } } : {}),
    });
  }
  if (status >= 502 && status <= 504)
    return new GantryError('UNAVAILABLE', `the server cannot be reached (${status})`);
  return new GantryError('INTERNAL', `the response (status ${status}) did not come from a Gantry server`);
}

function isIssue(value: unknown): value is Issue {
  const { path, message } = (value ?? {}) as Record<string, unknown>;
  return typeof path === 'string' && typeof message === 'string';
}
