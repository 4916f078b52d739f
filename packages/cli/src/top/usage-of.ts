import type { AnyObject } from '@gantry/core/model';

export interface Usage {
  /** In millicores. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
  readonly tasks: number;
}

/** Returns the usage of an object; undefined if unknown. */
export type UsageOf = (object: AnyObject) => Usage | undefined;
