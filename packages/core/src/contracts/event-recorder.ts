import type { Kind } from '../model/kind-map.ts';

/** Writes down what happened, for people to read. Never blocks, never throws; repeats are counted. */
export interface EventRecorder {
  /** Records one event. Returns at once. */
  record(
    /** Kind and id. */
    regarding: { readonly kind: Kind; readonly name: string },
    type: 'normal' | 'warning',
    /** CamelCase, for programs. */
    reason: string,
    message: string,
    /** How often it happened; default 1. */
    count?: number,
  ): void;
}
