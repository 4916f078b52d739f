import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Jiti } from 'jiti';
import { z } from 'zod';
import { CliError, problemOf } from '../output/problem.ts';
import type { GantryConfig } from './define-config.ts';

const USUAL = Object.freeze([
  'gantry.config.ts',
  'gantry.config.mts',
  'gantry.config.js',
  'gantry.config.mjs',
]);

const configSchema = z.strictObject({
  name: z.string().optional(),
  nodes: z.unknown().optional(), // the host validates it
  runtime: z.enum(['process', 'docker', 'fake', 'none']).optional(),
  data: z.string().min(1).optional(),
  plugins: z.array(z.unknown()).optional(),
  api: z
    .strictObject({ host: z.string().optional(), port: z.number().optional(), tls: z.unknown().optional() })
    .optional(),
  taskUser: z.string().optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
});

/** A configuration, and the function that loads its plugins. */
export interface LoadedConfig {
  readonly file?: string | undefined;
  readonly config: GantryConfig;
  /** Imports a package as the configuration file would. */
  readonly load: (name: string) => Promise<unknown>;
}

/** Loads the named configuration file, or else the usual one of the directory if it exists. */
export async function loadConfig(cwd: string, named: string | undefined): Promise<LoadedConfig> {
  const file = named === undefined ? await usualFile(cwd) : resolve(cwd, named);
  if (named !== undefined && !(await isFile(file as string))) {
    throw new CliError(
      'NOT_FOUND',
      `file ${named} not found`,
      'a configuration is a file such as gantry.config.ts',
    );
  }
  if (file === undefined) return { config: {}, load: (name) => import(name) };
  const jiti = await loader(file);
  const load = (name: string): Promise<unknown> => jiti.import(name);
  try {
    return { file, config: check(await jiti.import(file, { default: true })), load };
  } catch (error) {
    const problem = problemOf(error);
    throw new CliError(
      'INVALID_OPTIONS',
      `${file}: ${problem.message}`,
      'it exports what defineConfig returns as its default',
    );
  }
}

async function usualFile(cwd: string): Promise<string | undefined> {
  for (const name of USUAL) {
    const file = resolve(cwd, name);
    if (await isFile(file)) return file;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Provides the configuration with this program's copies of Gantry's packages, which need not be installed next to it.
 */
async function loader(file: string): Promise<Jiti> {
  const [{ createJiti }, cli, core, coreApi, contracts, model, primitives, protocol, ...rest] =
    await Promise.all([
      import('jiti'),
      import('./define-config.ts'),
      import('@gantry/core'),
      import('@gantry/core/api'),
      import('@gantry/core/contracts'),
      import('@gantry/core/model'),
      import('@gantry/core/primitives'),
      import('@gantry/core/protocol'),
      import('@gantry/host'),
      import('@gantry/presets'),
      import('@gantry/presets/fake'),
      import('@gantry/presets/process'),
      import('@gantry/presets/docker'),
      import('@gantry/api'),
    ]);
  const [host, presets, fake, processes, docker, api] = rest;
  return createJiti(file, {
    moduleCache: false,
    fsCache: false,
    virtualModules: {
      '@gantry/cli': cli,
      '@gantry/core': core,
      '@gantry/core/api': coreApi,
      '@gantry/core/contracts': contracts,
      '@gantry/core/model': model,
      '@gantry/core/primitives': primitives,
      '@gantry/core/protocol': protocol,
      '@gantry/host': host,
      '@gantry/presets': presets,
      '@gantry/presets/fake': fake,
      '@gantry/presets/process': processes,
      '@gantry/presets/docker': docker,
      '@gantry/api': api,
    },
  });
}

function check(value: unknown): GantryConfig {
  const result = configSchema.safeParse(value);
  if (result.success) return value as GantryConfig;
  const text = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`,
  );
  throw new CliError('INVALID_OPTIONS', text.join('; '));
}
