import type { Plugin } from '@gantry/core';
import type { NodeOptions } from '@gantry/host';

/** What tasks run in: the preset that is the base of a cluster. */
export type RuntimeName = 'process' | 'docker' | 'fake';

/** A plugin: itself, several at once, or the name of a package that exports one, with its options. */
export type PluginEntry = Plugin | readonly Plugin[] | string | readonly [name: string, options: unknown];

/** What `gantry.config.ts` says of the cluster that `gantry up` runs. */
export interface GantryConfig {
  /** A DNS label. Default `gantry`. */
  readonly name?: string;
  /** Nodes in this process: how many, or which. Default 1. */
  readonly nodes?: number | readonly NodeOptions[];
  /** `none`: nothing but `plugins`. Default: `docker` if its engine answers, else `process`. */
  readonly runtime?: RuntimeName | 'none';
  /** A folder in which the state is kept, from one `gantry up` to the next. Default: in memory only. */
  readonly data?: string;
  /**
   * Beside those of the runtime's preset, and in place of those that provide the same contract. Schedulers and others
   * of which there may be several come first: a scheduler among them is the default one.
   */
  readonly plugins?: readonly PluginEntry[];
  readonly api?: {
    /** Default 127.0.0.1; elsewhere only with `tls`. */
    readonly host?: string;
    /** Default: any free one. */
    readonly port?: number;
    readonly tls?: 'self-signed' | { readonly cert: string; readonly key: string };
  };
  /** User of process tasks whose template names none, as `user` or `user:group`; used only if Gantry runs as root. */
  readonly taskUser?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** Gives a configuration its type; `gantry.config.ts` exports what it returns as its default. */
export function defineConfig(config: GantryConfig): GantryConfig {
  return config;
}
