/** Context of a failure. */
export interface Failed {
  readonly message: string;
  /** Names of the command without the program's: `node update`; empty if no command was recognized. */
  readonly path: string;
  /** Long options of the command: `--timeout`. */
  readonly options: readonly string[];
}

type Hint = (failed: Failed) => string | undefined;

const has = ({ options }: Failed, option: string): boolean => options.includes(option);

/** Commands that do not connect to a server. */
const WITHOUT_SERVER = /^(up|down|server|agent|doctor|snapshot|context|completion)\b/;

/** Next steps by error code, if they apply to every error of the code; otherwise the command adds its own hint. */
const HINTS: Readonly<Record<string, Hint>> = Object.freeze({
  CONFLICT: (failed) => {
    if (failed.message.includes('force takes it over'))
      return has(failed, '--force') ? '--force takes ownership of fields set by another manager' : undefined;
    return WITHOUT_SERVER.test(failed.path)
      ? undefined
      : 'show the current state with `gantry describe`, then try again';
  },
  ALREADY_EXISTS: ({ path }) =>
    path === 'create' ? 'change the existing object with `gantry apply`, or delete it first' : undefined,
  NOT_FOUND: ({ path }) =>
    WITHOUT_SERVER.test(path) || /^(compose|stack|token)\b/.test(path)
      ? undefined
      : 'list objects with `gantry get KIND`, in all namespaces with -A',
  COMPACTED: () => 'the history is gone: start the watch again',
  UNAUTHENTICATED: () =>
    'set a token in GANTRY_TOKEN, or in the context: `gantry context add NAME --server URL --token -`',
  FORBIDDEN: () =>
    'ask an administrator for a token with the role: `gantry token create --role operator NAME`',
  UNAVAILABLE: ({ path }) =>
    WITHOUT_SERVER.test(path)
      ? 'check this machine with `gantry doctor`'
      : 'find the cause with `gantry doctor`; start a cluster with `gantry up`',
  TIMEOUT: (failed) =>
    has(failed, '--timeout')
      ? 'the operation may still succeed: check with `gantry describe`, or wait longer with --timeout'
      : 'the operation may still succeed: check with `gantry describe`',
  EXHAUSTED: () => 'wait and try again, or free some space',
  UNSUPPORTED: ({ path }) =>
    WITHOUT_SERVER.test(path)
      ? undefined
      : 'show what this cluster supports with `gantry info` and `gantry api-resources`',
  INTERNAL: () => 'this is a bug of Gantry: please report it with the output of `gantry doctor -o json`',
});

/** Suggests a next step for an error of this code in this command, if there is one. */
export function hintFor(code: string, failed: Failed): string | undefined {
  return Object.hasOwn(HINTS, code) ? HINTS[code]?.(failed) : undefined;
}
