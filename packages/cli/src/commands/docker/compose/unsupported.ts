import { CliError } from '../../../output/problem.ts';

/** Unsupported features are rejected instead of ignored. */
export function unsupported(what: string, why: string, hint: string): CliError {
  return new CliError('UNSUPPORTED', `${what}: ${why}`, hint);
}
