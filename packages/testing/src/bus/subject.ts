import type { Bus, BusMessage, Lifecycle } from '@gantry/core';
import type { Case } from '../kit.ts';

/** A bus that is started and has nobody on it. */
export interface BusSubject {
  readonly bus: Bus & Lifecycle;
  /** Lets time pass by the clock the bus goes by: a test clock's `advance`, or a real wait. */
  readonly pass: (ms: number) => Promise<void>;
  /** How many errors the bus has logged. */
  readonly logged: () => number;
}

export type BusCase = Case<BusSubject>;

/** A subscriber that writes down what it gets. */
export interface Inbox {
  readonly messages: BusMessage[];
  readonly handler: (message: BusMessage) => void;
  readonly payloads: () => readonly unknown[];
}

export function inbox(): Inbox {
  const messages: BusMessage[] = [];
  return {
    messages,
    handler: (message) => {
      messages.push(message);
    },
    payloads: () => messages.map(({ payload }) => payload),
  };
}
