import { CliError } from '../../../output/problem.ts';

/** What Gantry has no way to do is rejected, not ignored. */
export function unsupported(what: string, why: string, hint: string): CliError {
  return new CliError('UNSUPPORTED', `${what}: ${why}`, hint);
}
