import type { Target } from '../io/io.ts';
import { CliError } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Contexts } from './contexts-file.ts';

/** Options of every command. */
export interface Globals {
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly color: boolean;
}

/** The cluster to connect to, and the current namespace. */
export interface ChosenTarget extends Target {
  /** Name of the context, if one was used. */
  readonly context?: string | undefined;
  readonly namespace: string;
  /** Whether the namespace was given with `-n`. */
  readonly namespaceGiven: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Determines the target cluster: options override environment variables, which override the file. An explicit server is
 * used without a context: a context's token is never sent to any other server.
 */
export function chooseTarget(contexts: Contexts, globals: Globals, env: Env): ChosenTarget {
  const namespaceOf = (fallback: string | undefined): Pick<ChosenTarget, 'namespace' | 'namespaceGiven'> => ({
    namespace: globals.namespace ?? (env.GANTRY_NAMESPACE || fallback || 'default'),
    namespaceGiven: globals.namespace !== undefined,
  });
  const token = env.GANTRY_TOKEN || undefined;
  const server =
    globals.server ?? (globals.context === undefined ? env.GANTRY_SERVER || undefined : undefined);
  if (server !== undefined) return { server, token, ...namespaceOf(undefined) };
  const name = globals.context ?? (env.GANTRY_CONTEXT || contexts.current);
  if (name === undefined) {
    const known = Object.keys(contexts.contexts);
    throw new CliError(
      'UNAVAILABLE',
      'no cluster is chosen: there is no current context and no GANTRY_SERVER',
      known.length > 0
        ? `choose one with \`gantry context use NAME\`: ${known.join(', ')}`
        : 'start one on this machine with `gantry up -d`, or name one: `gantry context add NAME --server URL`',
    );
  }
  const context = Object.hasOwn(contexts.contexts, name) ? contexts.contexts[name] : undefined;
  if (context === undefined) {
    const hint = didYouMean(name, Object.keys(contexts.contexts)) ?? 'list them with `gantry context ls`';
    throw new CliError('NOT_FOUND', `context "${name}" not found`, hint);
  }
  return {
    server: context.server,
    ...(context.servers === undefined ? {} : { servers: context.servers }),
    token: token ?? context.token,
    ca: context.ca,
    context: name,
    ...namespaceOf(context.namespace),
  };
}
