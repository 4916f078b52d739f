import type { AnyObject } from '@gantry/core';

export interface Usage {
  /** Millicores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly tasks: number;
}

/** What an object uses; undefined if it is not known. */
export type UsageOf = (object: AnyObject) => Usage | undefined;
