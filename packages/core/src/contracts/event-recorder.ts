import type { Kind } from '../model/kind-map.ts';

/** Records events for people to read. Never blocks, never throws; repeats are counted. */
export interface EventRecorder {
  /** Records one event. Returns immediately. */
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
