import type { Plugin } from '@gantry/core';
import { CliError, problemOf } from '../output/problem.ts';
import type { PluginEntry } from './define-config.ts';

/** Creates the plugins that a configuration lists, importing named packages. */
export async function resolvePlugins(
  entries: readonly PluginEntry[],
  load: (name: string) => Promise<unknown>,
): Promise<Plugin[]> {
  const resolved = await Promise.all(
    entries.map((entry, index) => resolveOne(entry, `plugins[${index}]`, load)),
  );
  return resolved.flat();
}

async function resolveOne(
  entry: PluginEntry,
  where: string,
  load: (name: string) => Promise<unknown>,
): Promise<readonly Plugin[]> {
  if (isPlugin(entry)) return [entry];
  if (typeof entry === 'string') return fromPackage(entry, {}, where, load);
  if (Array.isArray(entry)) {
    const [first, options] = entry as readonly unknown[];
    if (typeof first === 'string' && entry.length <= 2) return fromPackage(first, options ?? {}, where, load);
    const all = await Promise.all(
      (entry as readonly PluginEntry[]).map((each, index) => resolveOne(each, `${where}[${index}]`, load)),
    );
    return all.flat();
  }
  throw invalid(`${where}: expected a plugin, the name of a package, or [name, options]`);
}

async function fromPackage(
  name: string,
  options: unknown,
  where: string,
  load: (name: string) => Promise<unknown>,
): Promise<readonly Plugin[]> {
  let module: Record<string, unknown>;
  try {
    module = (await load(name)) as Record<string, unknown>;
  } catch (error) {
    throw invalid(
      `${where}: package "${name}" cannot be imported: ${problemOf(error).message.split('\n')[0]}`,
    );
  }
  const factory = factoryOf(module, name, where);
  const made = (await factory(options)) as unknown;
  const plugins = Array.isArray(made) ? made : [made];
  const wrong = plugins.find((each) => !isPlugin(each));
  if (wrong !== undefined)
    throw invalid(`${where}: package "${name}" exports a function that makes no plugin`);
  return plugins as readonly Plugin[];
}

type Factory = (options: unknown) => unknown;

/** Returns the export `plugin`, the default export, or the only function. */
function factoryOf(module: Readonly<Record<string, unknown>>, name: string, where: string): Factory {
  for (const key of ['plugin', 'default']) {
    if (Object.hasOwn(module, key) && typeof module[key] === 'function') return module[key] as Factory;
  }
  // Classes are functions too, but begin with a capital letter.
  const functions = Object.entries(module).filter(
    ([key, value]) => typeof value === 'function' && /^[a-z]/.test(key),
  );
  const [only] = functions;
  if (only !== undefined && functions.length === 1) return only[1] as Factory;
  const found = functions.map(([key]) => key).join(', ') || 'none';
  throw invalid(
    `${where}: package "${name}" has to export one function that makes a plugin, or name it "plugin"; it exports: ${found}`,
  );
}

function isPlugin(value: unknown): value is Plugin {
  const { name, provides, create } = (value ?? {}) as Partial<Plugin>;
  return typeof name === 'string' && typeof provides === 'object' && typeof create === 'function';
}

/**
 * Combines a preset with the user's own plugins: these come first, and replace plugins that provide the same contract or,
 * where a contract has many providers, have the same name.
 */
export function composePlugins(preset: readonly Plugin[], own: readonly Plugin[]): readonly Plugin[] {
  const replaced = (plugin: Plugin): boolean =>
    own.some(
      ({ name, provides }) =>
        provides.id === plugin.provides.id && (!plugin.provides.many || name === plugin.name),
    );
  return [...own, ...preset.filter((plugin) => !replaced(plugin))];
}

const invalid = (message: string): CliError => new CliError('INVALID_OPTIONS', message);
