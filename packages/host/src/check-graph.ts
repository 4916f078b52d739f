import { type AnyToken, GantryError, type Plugin, type TokenScope } from '@gantry/core';

/** What the host itself needs and provides. */
export interface GraphOptions {
  /** Provided without a plugin. */
  readonly given: readonly AnyToken[];
  /** Needed by the host. */
  readonly needed: readonly AnyToken[];
}

/**
 * Checks a set of plugins before anything is built, and reports everything that is wrong in one message.
 *
 * @throws `WIRING` listing each contract that is missing or provided twice, each name used twice, each plugin
 * that needs a contract of a scope it cannot see, each leader part that could write without a fence, and each cycle with
 * its chain.
 */
export function checkGraph(all: readonly Plugin[], { given, needed }: GraphOptions): void {
  const plugins = all.filter(isPlugin);
  const providers = new Map<symbol, Plugin[]>();
  for (const plugin of plugins) {
    providers.set(plugin.provides.key, [...(providers.get(plugin.provides.key) ?? []), plugin]);
  }
  const givenKeys = new Set(given.map((token) => token.key));
  const problems = [
    ...notPlugins(all),
    ...namesTwice(plugins),
    ...providedTwice(providers),
    ...missing(
      plugins,
      needed,
      (token) => token.many || givenKeys.has(token.key) || providers.has(token.key),
    ),
    ...wrongScopes(plugins),
    ...unfenced(plugins),
    ...cycles(plugins, providers),
  ];
  if (problems.length === 0) return;
  throw new GantryError('WIRING', problems.join('; '), {
    issues: problems.map((message) => ({ path: 'plugins', message })),
  });
}

/** Whether a value is what a plugin factory returns; programs without types pass anything. */
function isPlugin(value: Plugin | null | undefined): value is Plugin {
  return typeof value?.create === 'function' && value.provides !== undefined;
}

function notPlugins(values: readonly Plugin[]): string[] {
  return values.flatMap((value, index) =>
    isPlugin(value) ? [] : [`plugins[${index}] is not a plugin: was its factory called?`],
  );
}

function namesTwice(plugins: readonly Plugin[]): string[] {
  const seen = new Map<string, number>();
  for (const { name } of plugins) seen.set(name, (seen.get(name) ?? 0) + 1);
  return [...seen].flatMap(([name, times]) => (times > 1 ? [`plugin ${name} is listed ${times} times`] : []));
}

function providedTwice(providers: ReadonlyMap<symbol, readonly Plugin[]>): string[] {
  return [...providers.values()].flatMap((list) => {
    const token = list[0]?.provides;
    if (token === undefined || token.many || new Set(list.map((plugin) => plugin.name)).size < 2) return [];
    return [`"${token.id}" is provided by ${list.map((plugin) => plugin.name).join(' and ')}`];
  });
}

function missing(
  plugins: readonly Plugin[],
  needed: readonly AnyToken[],
  has: (token: AnyToken) => boolean,
): string[] {
  const needs = [
    ...needed.map((token) => ({ who: 'the host', token })),
    ...plugins.flatMap(({ name, needs }) =>
      Object.values(needs ?? {}).map((token) => ({ who: name, token })),
    ),
  ];
  const absent = new Map<string, Set<string>>();
  for (const { who, token } of needs) {
    if (!has(token)) absent.set(token.id, (absent.get(token.id) ?? new Set()).add(who));
  }
  return [...absent].map(
    ([id, who]) =>
      `${[...who].join(', ')} need${who.size === 1 ? 's' : ''} "${id}", which no plugin provides`,
  );
}

interface ScopeWords {
  readonly lives: string;
  readonly whose: string;
  /** The scopes it cannot see into. */
  readonly closed: readonly TokenScope[];
}

const SCOPES: Readonly<Record<TokenScope, ScopeWords>> = Object.freeze({
  cluster: {
    lives: 'lives once per cluster',
    whose: 'which the cluster has',
    closed: ['leader', 'machine', 'node'],
  },
  leader: {
    lives: 'lives as long as a process leads',
    whose: 'which only the leader has',
    closed: ['machine', 'node'],
  },
  machine: {
    lives: 'lives once per machine',
    whose: 'which each machine has its own of',
    closed: ['leader', 'node'],
  },
  node: { lives: 'lives once per node', whose: 'which each node has its own of', closed: ['leader'] },
});

function wrongScopes(plugins: readonly Plugin[]): string[] {
  return plugins.flatMap(({ name, needs, provides }) => {
    const { lives, closed } = SCOPES[provides.scope];
    return Object.values(needs ?? {})
      .filter((token) => closed.includes(token.scope))
      .map((token) => `${name} ${lives} and cannot need "${token.id}", ${SCOPES[token.scope].whose}`);
  });
}

/** What a leader part would write there could be written after its term. */
function unfenced(plugins: readonly Plugin[]): string[] {
  return plugins.flatMap(({ name, needs, provides }) =>
    provides.scope !== 'leader'
      ? []
      : Object.values(needs ?? {})
          .filter((token) => token.unfenced !== undefined)
          .map(
            (token) =>
              `${name} writes only while its process leads and cannot need "${token.id}", whose writes carry no fence: it needs "${token.unfenced}"`,
          ),
  );
}

function cycles(plugins: readonly Plugin[], providers: ReadonlyMap<symbol, readonly Plugin[]>): string[] {
  const done = new Set<Plugin>();
  const found: string[] = [];
  const visit = (plugin: Plugin, path: readonly Plugin[]): void => {
    const at = path.indexOf(plugin);
    if (at >= 0) {
      found.push(`cycle: ${[...path.slice(at), plugin].map((each) => each.name).join(' → ')}`);
      return;
    }
    if (done.has(plugin)) return;
    for (const token of Object.values(plugin.needs ?? {})) {
      for (const next of providers.get(token.key) ?? []) visit(next, [...path, plugin]);
    }
    done.add(plugin);
  };
  for (const plugin of plugins) visit(plugin, []);
  return found;
}
