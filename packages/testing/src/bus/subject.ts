import type { Bus, Lifecycle } from '@gantry/core';
import type { BusMessage } from '@gantry/core/contracts';
import type { Case } from '../kit.ts';

/** A started bus without subscribers or responders. */
export interface BusSubject {
  readonly bus: Bus & Lifecycle;
  /** Lets time pass on the bus's clock: a test clock's `advance`, or a real wait. */
  readonly pass: (ms: number) => Promise<void>;
  /** Number of errors that the bus has logged. */
  readonly logged: () => number;
}

export type BusCase = Case<BusSubject>;

/** A subscriber that records the messages it receives. */
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
