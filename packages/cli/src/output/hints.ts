/** What to do next, by error code; where the command knows better, it says so itself. */
const HINTS: Readonly<Record<string, string>> = Object.freeze({
  CONFLICT:
    'it is not as was expected: look at it with `gantry describe`; `apply --force` takes fields over from others',
  ALREADY_EXISTS: 'change it with `gantry apply`, or delete it first',
  NOT_FOUND: 'list what there is with `gantry get KIND`, in all namespaces with -A',
  COMPACTED: 'the history is gone: start the watch again',
  UNAUTHENTICATED:
    'give a token with GANTRY_TOKEN, or in the context: `gantry context add NAME --server URL --token -`',
  FORBIDDEN: 'ask an administrator for a token with the role: `gantry token create --role operator NAME`',
  UNAVAILABLE: 'see what is wrong with `gantry doctor`; start a cluster with `gantry up`',
  TIMEOUT: 'it may still come about: look with `gantry describe`, wait longer with --timeout',
  EXHAUSTED: 'wait and try again, or free some space',
  UNSUPPORTED: 'what this cluster can do: `gantry api-resources` and `gantry info`',
  INTERNAL: 'this is a bug of Gantry: please report it with the output of `gantry doctor -o json`',
});

/** A next step for an error of this code, if there is a general one. */
export function hintFor(code: string): string | undefined {
  return Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
}
