/** An error as shown to the user, from the cluster or from the command line itself. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  readonly hint?: string | undefined;
}

/** An error of the command line itself: `USAGE`, or a code of the cluster with the same meaning. */
export class CliError extends Error implements Problem {
  readonly code: string;
  readonly issues: Problem['issues'] = [];
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'CliError';
    this.code = code;
    this.hint = hint;
  }
}

/** Returns an error for an invalid command line. */
export function usage(message: string, hint?: string): CliError {
  return new CliError('USAGE', message, hint);
}

/** Converts any thrown value to a problem. */
export function problemOf(error: unknown): Problem {
  if (typeof error === 'object' && error !== null) {
    const { code, message, issues, hint } = error as Partial<Problem>;
    if (typeof message === 'string' && typeof code === 'string' && Array.isArray(issues)) {
      return { code, message, issues, hint };
    }
    if (error instanceof AggregateError) {
      const parts = error.errors.map((each) => problemOf(each).message);
      return { code: 'INTERNAL', message: [error.message, ...parts].join('; '), issues: [] };
    }
    // An error of the operating system.
    if (typeof message === 'string' && typeof code === 'string') {
      return { code: code === 'ENOENT' ? 'NOT_FOUND' : code, message, issues: [] };
    }
  }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error), issues: [] };
}
