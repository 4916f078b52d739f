/**
 * Exit codes of `gantry`, which are stable. `exec` and `run`-like commands pass on the exit code of the command they
 * ran.
 */
export const EXIT = Object.freeze({
  ok: 0,
  /** The operation failed; `diff`: there are differences. */
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unreachable: 5,
  forbidden: 6,
  timeout: 124,
  interrupted: 130,
});

const BY_CODE: Readonly<Record<string, number>> = Object.freeze({
  USAGE: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  CONFLICT: EXIT.conflict,
  ALREADY_EXISTS: EXIT.conflict,
  UNAVAILABLE: EXIT.unreachable,
  CLOSED: EXIT.unreachable,
  UNAUTHENTICATED: EXIT.forbidden,
  FORBIDDEN: EXIT.forbidden,
  TIMEOUT: EXIT.timeout,
  ABORTED: EXIT.interrupted,
});

/** The exit code for an error code; 1 if the code has none of its own. */
export function exitCodeOf(code: string): number {
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] as number) : EXIT.failed;
}
