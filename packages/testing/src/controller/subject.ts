import type { Plugin, Token } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { AnyInput } from '@gantry/core/model';
import type { Case } from '../kit.ts';

/** The part of a cluster that the kit uses; the result of `createCluster` fits. */
export interface TestedCluster extends AsyncDisposable {
  readonly api: ClusterApi;
  get<T>(token: Token<T>): T;
}

/** A controller in a cluster, and some work for it. */
export interface ControllerSubject {
  /** Name of the plugin that provides the controller. */
  readonly plugin: string;
  /**
   * All plugins of a cluster that has the controller: new ones each time, with a store that one cluster leaves to the
   * next.
   */
  readonly plugins: () => readonly Plugin[];
  /** `createCluster` of `@gantry/host`. */
  readonly create: (plugins: readonly Plugin[]) => Promise<TestedCluster>;
  /** Objects applied together; the last one is deleted at the end of the case about deletion. */
  readonly inputs: readonly AnyInput[];
  /** Whether the controller has done everything that the inputs ask for. Polled; advances a clock of the test. */
  readonly done: (api: ClusterApi) => Promise<boolean>;
  /** Whether everything is cleaned up after the last input was deleted (default: that object is gone). */
  readonly undone?: ((api: ClusterApi) => Promise<boolean>) | undefined;
}

export type ControllerCase = Case<ControllerSubject>;
