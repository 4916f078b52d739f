import type { ObjectMeta } from './meta.ts';

/** Something that happened, kept for a while; repeats are counted, not repeated. */
export interface Event {
  /** Always `event`. */
  readonly kind: 'event';
  /** Name, namespace and other data that every object has. */
  readonly meta: ObjectMeta;
  /** What happened. */
  readonly spec: {
    /** Kind and id of the object concerned. */
    readonly regarding: {
      /** Kind of the object. */
      readonly kind: string;
      /** Id of the object. */
      readonly name: string;
    };
    /** `warning`: something went wrong. */
    readonly type: 'normal' | 'warning';
    /** CamelCase, for programs. */
    readonly reason: string;
    /** Description of the event, for people. */
    readonly message: string;
    /** Number of times it has happened. */
    readonly count: number;
    /** When it happened first, ms since the epoch. */
    readonly firstAt: number;
    /** When it happened most recently, ms since the epoch. */
    readonly lastAt: number;
  };
}
