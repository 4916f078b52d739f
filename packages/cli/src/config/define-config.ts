import type { Plugin } from '@gantry/core';
import type { NodeOptions } from '@gantry/host';

/** The runtime of tasks, which selects the preset on which a cluster is based. */
export type RuntimeName = 'process' | 'docker' | 'fake';

/** A plugin, an array of plugins, or the name of a package that exports one, optionally with its options. */
export type PluginEntry = Plugin | readonly Plugin[] | string | readonly [name: string, options: unknown];

/** Configuration of the cluster that `gantry up` runs, in `gantry.config.ts`. */
export interface GantryConfig {
  /** Name of the cluster, a DNS label (default: `gantry`). */
  readonly name?: string;
  /** Nodes in this process: their number, or a list (default: 1). */
  readonly nodes?: number | readonly NodeOptions[];
  /** `none`: only `plugins` (default: `docker` if its engine answers, otherwise `process`). */
  readonly runtime?: RuntimeName | 'none';
  /** Directory for persistent state (default: in memory). */
  readonly data?: string;
  /**
   * Plugins in addition to those of the runtime's preset; they replace plugins that provide the same contract. For
   * contracts with several providers they come first: a scheduler among them becomes the default.
   */
  readonly plugins?: readonly PluginEntry[];
  readonly api?: {
    /** Host (default: 127.0.0.1); other addresses require `tls`. */
    readonly host?: string;
    /** Port (default: any free port). */
    readonly port?: number;
    readonly tls?: 'self-signed' | { readonly cert: string; readonly key: string };
  };
  /**
   * User of process tasks whose template names none, as `user` or `user:group`; applies only if Gantry runs as root.
   */
  readonly taskUser?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Types a configuration; `gantry.config.ts` must export the result as its default export. */
export function defineConfig(config: GantryConfig): GantryConfig {
  return config;
}
