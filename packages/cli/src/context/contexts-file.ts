import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../output/problem.ts';
import { contextsPath } from './paths.ts';

/** A cluster under a name chosen by the user. */
export interface Context {
  readonly server: string;
  /** URLs of further servers of the same cluster, which are used while `server` is unreachable. */
  readonly servers?: readonly string[] | undefined;
  readonly token?: string | undefined;
  readonly namespace?: string | undefined;
  /** Certificate authority of the server, in PEM. */
  readonly ca?: string | undefined;
}

export interface Contexts {
  readonly current?: string | undefined;
  readonly contexts: Readonly<Record<string, Context>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the contexts; a missing file counts as empty. */
export async function readContexts(env: Env): Promise<Contexts> {
  const path = contextsPath(env);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return { contexts: {} };
    throw error;
  }
  try {
    return check(JSON.parse(text) as unknown);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('INVALID_OBJECT', `${path}: ${reason}`, 'fix the file, or delete it to start over');
  }
}

function check(value: unknown): Contexts {
  const { current, contexts } = (value ?? {}) as { current?: unknown; contexts?: unknown };
  if (current !== undefined && typeof current !== 'string') throw new Error('current: expected a name');
  if (typeof contexts !== 'object' || contexts === null) throw new Error('contexts: expected an object');
  for (const [name, context] of Object.entries(contexts)) {
    if (typeof (context as Partial<Context> | null)?.server !== 'string') {
      throw new Error(`contexts.${name}.server: expected a URL`);
    }
    const { servers = [] } = context as Partial<Context>;
    if (!Array.isArray(servers) || servers.some((each) => typeof each !== 'string')) {
      throw new Error(`contexts.${name}.servers: expected a list of URLs`);
    }
  }
  return { current, contexts: contexts as Contexts['contexts'] };
}

/** Changes the contexts: replaces the file atomically, readable by its owner only. */
export async function changeContexts(env: Env, change: (contexts: Contexts) => Contexts): Promise<Contexts> {
  const path = contextsPath(env);
  const next = change(await readContexts(env));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(next, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, 0o600); // an existing temporary file may have another mode
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return next;
}

/** Adds or replaces a context. It becomes the current one if it is the first, or if `use` is set. */
export function withContext(contexts: Contexts, name: string, context: Context, use: boolean): Contexts {
  const current = use || contexts.current === undefined ? name : contexts.current;
  return { current, contexts: { ...contexts.contexts, [name]: context } };
}

/**
 * Adds a server's URL to a context of its cluster; the server's certificate authority, if any, is trusted in addition.
 */
export function withServer(context: Context, { server, ca }: Pick<Context, 'server' | 'ca'>): Context {
  const { servers = [], ca: known } = context;
  const more = [...new Set([...servers, server])].filter((each) => each !== context.server);
  const trusted = [known, ca].filter((each) => each !== undefined);
  return {
    ...context,
    ...(more.length === 0 ? {} : { servers: more }),
    ...(trusted.length === 0 ? {} : { ca: [...new Set(trusted.map((each) => each.trim()))].join('\n') }),
  };
}

/** Removes a server's URL from a context; undefined if that was the only one. */
export function withoutServer(context: Context, server: string): Context | undefined {
  const [first, ...more] = [context.server, ...(context.servers ?? [])].filter((each) => each !== server);
  if (first === undefined) return undefined;
  const { servers: _former, ...rest } = context;
  return { ...rest, server: first, ...(more.length === 0 ? {} : { servers: more }) };
}

/** Removes a context; if it was the current one, `next` becomes current, provided that it exists. */
export function withoutContext(contexts: Contexts, name: string, next?: string): Contexts {
  const rest = Object.fromEntries(Object.entries(contexts.contexts).filter(([each]) => each !== name));
  if (contexts.current !== name) return { current: contexts.current, contexts: rest };
  return { current: next !== undefined && Object.hasOwn(rest, next) ? next : undefined, contexts: rest };
}
