import { type AnyToken, type Clock, type Component, contracts, type Needs, type Plugin } from '@gantry/core';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';

/** A plugin for any token that says nothing about types: tests give it what they need. */
export function plugin(
  name: string,
  provides: AnyToken,
  create: (needs: Readonly<Record<string, unknown>>) => unknown = () => ({}),
  needs: Needs = {},
): Plugin {
  return Object.freeze({ name, provides, needs, create });
}

/** A value as a plugin. */
export function given(token: AnyToken, value: unknown): Plugin {
  return plugin(`given-${token.id}`, token, () => value);
}

/** Clock, chance and a silent logger. */
export function base(clock: Clock = new TestClock()): Plugin[] {
  return [
    given(contracts.clock, clock),
    given(contracts.random, new SeededRandom(1)),
    given(contracts.logger, silentLogger),
  ];
}

export interface Behaviour {
  readonly start?: (signal: AbortSignal) => Promise<void>;
  readonly close?: () => Promise<void>;
  readonly needs?: Needs;
}

/** A component that notes in `journal` when it is created, started and closed. */
export function noting(journal: string[], name: string, behaviour: Behaviour = {}): Plugin {
  return plugin(name, contracts.component, () => part(journal, name, behaviour), behaviour.needs ?? {});
}

/** What such a component is; also serves as the implementation of any other contract. */
export function part(journal: string[], name: string, { start, close }: Behaviour = {}): Component {
  journal.push(`create ${name}`);
  return {
    name,
    async start(signal) {
      journal.push(`start ${name}`);
      await start?.(signal);
    },
    async [Symbol.asyncDispose]() {
      journal.push(`close ${name}`);
      await close?.();
    },
  };
}
