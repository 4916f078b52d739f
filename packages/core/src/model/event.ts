import type { ObjectMeta } from './meta.ts';

/** Something that happened, kept for a while; repeats are counted, not repeated. */
export interface Event {
  readonly kind: 'event';
  readonly meta: ObjectMeta;
  readonly spec: {
    /** Kind and id of what it is about. */
    readonly regarding: { readonly kind: string; readonly name: string };
    readonly type: 'normal' | 'warning';
    /** CamelCase, for programs. */
    readonly reason: string;
    readonly message: string;
    readonly count: number;
    /** ms since the epoch. */
    readonly firstAt: number;
    readonly lastAt: number;
  };
}
