import { ERROR_CODES, type ErrorCode, GantryError, type Issue, isGantryError } from '@gantry/core';

/** An error on the wire (RFC 9457), from which the client restores the same {@link GantryError}. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly issues?: readonly Issue[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Readonly<Record<ErrorCode, number>> = Object.freeze({
  INVALID_OBJECT: 422,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  UNSUPPORTED: 405,
  ALREADY_EXISTS: 409,
  CONFLICT: 409,
  FENCED: 503,
  COMPACTED: 410,
  EXHAUSTED: 429,
  INTERNAL: 500,
  INVALID_OPTIONS: 500,
  WIRING: 500,
  UNAVAILABLE: 503,
  CLOSED: 503,
  ABORTED: 503,
  TIMEOUT: 504,
});

/** An error with a status of its own: a malformed body is 400, one that is too large 413. */
export class HttpRefusal extends GantryError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string, issues: readonly Issue[] = []) {
    super(code, message, { issues });
    this.status = status;
  }
}

/** Whether the error is a fault of the server, whose cause is logged and not returned to the caller. */
export function isFault(error: unknown): boolean {
  return !isGantryError(error) || STATUS[error.code] === 500;
}

/**
 * Converts an error to a problem.
 *
 * @param request ID by which the caller can refer to the log of the server
 * @param plugin the plugin whose route failed (default: the server itself)
 */
export function problemOf(error: unknown, request: string, plugin?: string): Problem {
  if (!isGantryError(error) || isFault(error)) {
    const who = plugin === undefined ? 'the server' : `plugin "${plugin}"`;
    const where = plugin === undefined ? 'its log' : 'the log of the server';
    const problem = build('INTERNAL', 500, `${who} failed; ${where} says more about request ${request}`);
    return plugin === undefined ? problem : { ...problem, details: { plugin } };
  }
  const { code, message, issues, details } = error;
  const status = error instanceof HttpRefusal ? error.status : STATUS[code];
  return {
    ...build(code, status, message),
    ...(issues.length === 0 ? {} : { issues }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

function build(code: ErrorCode, status: number, detail: string): Problem {
  const type = `urn:gantry:error:${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title: ERROR_CODES[code].summary, status, detail, code };
}
