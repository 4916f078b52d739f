/**
 * Misuse that must not compile. `tsc` checks this file; each `@ts-expect-error` fails the type check when the line below
 * it compiles after all.
 */
import {
  type Clock,
  type Component,
  contract,
  contractMany,
  contracts,
  definePlugin,
  type Plugin,
  type Scheduler,
  type Store,
  type Token,
} from '@gantry/core';
import type { Cluster } from '@gantry/host';
import { memoryStore } from '@gantry/store-memory';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

interface Animal {
  readonly name: string;
}
interface Dog extends Animal {
  bark(): void;
}

declare const cluster: Cluster;
declare const scheduler: Scheduler;
declare const component: Component;

/** Never called: only its types count. */
function compiles(_program: () => unknown): void {}

describe('a plugin', () => {
  test('provides the type of its contract', () => {
    compiles(() => {
      // @ts-expect-error a number is not a store
      definePlugin({ name: 'x', provides: contracts.store, create: () => 5 });
      // @ts-expect-error half a clock is not a clock
      definePlugin({ name: 'x', provides: contracts.clock, create: () => ({ now: () => 0 }) });
      // @ts-expect-error a promise is not a component: slow work belongs into start
      definePlugin({ name: 'x', provides: contracts.component, create: async () => component });
    });
  });

  test('provides one element of a contract that many provide', () => {
    compiles(() => {
      definePlugin({ name: 'x', provides: contracts.scheduler, create: () => scheduler });
      // @ts-expect-error not the list of them
      definePlugin({ name: 'x', provides: contracts.scheduler, create: () => [scheduler] });
    });
  });

  test('sees its needs with their types', () => {
    compiles(() =>
      definePlugin({
        name: 'x',
        provides: contracts.component,
        needs: { clock: contracts.clock, schedulers: contracts.scheduler },
        create: (_options, needs) => {
          expectTypeOf(needs.clock).toEqualTypeOf<Clock>();
          expectTypeOf(needs.schedulers).toEqualTypeOf<readonly Scheduler[]>();
          // @ts-expect-error a clock is not a store
          const store: Store = needs.clock;
          // @ts-expect-error it has not asked for a bus
          needs.bus;
          return { ...component, store };
        },
      }),
    );
  });

  test('sees its options as its schema gives them', () => {
    compiles(() => {
      const plugin = definePlugin({
        name: 'x',
        provides: contracts.component,
        options: z.strictObject({ size: z.number(), label: z.string().default('a') }),
        create: (options) => {
          expectTypeOf(options).toEqualTypeOf<{ size: number; label: string }>();
          return component;
        },
      });
      expectTypeOf(plugin({ size: 1 })).toEqualTypeOf<Plugin>();
      // @ts-expect-error size is needed
      plugin({});
      // @ts-expect-error so are the options
      plugin();
      // @ts-expect-error size is a number
      plugin({ size: '1' });
      // @ts-expect-error there is no color
      plugin({ size: 1, color: 'red' });
    });
  });

  test('takes no options without a schema', () => {
    compiles(() => {
      const plugin = definePlugin({ name: 'x', provides: contracts.component, create: () => component });
      plugin();
      // @ts-expect-error it takes none
      plugin({ size: 1 });
    });
  });

  test('rejects options of a wrong type if it is bundled', () => {
    compiles(() => {
      memoryStore({ history: 5 });
      memoryStore();
      // @ts-expect-error a number of events
      memoryStore({ history: 'long' });
    });
  });
});

describe('a token', () => {
  test('carries its type to its users', () => {
    compiles(() => {
      expectTypeOf(cluster.get(contracts.store)).toEqualTypeOf<Store>();
      expectTypeOf(cluster.get(contracts.scheduler)).toEqualTypeOf<readonly Scheduler[]>();
      // @ts-expect-error a clock is not a store
      const store: Store = cluster.get(contracts.clock);
      return store;
    });
  });

  test('is neither widened nor narrowed', () => {
    compiles(() => {
      const dog = contract<Dog>('dog');
      const animal = contract<Animal>('animal');
      // @ts-expect-error who provides an animal would break who wants it to bark
      const widened: Token<Animal> = dog;
      // @ts-expect-error who wants it to bark would be given any animal
      const narrowed: Token<Dog> = animal;
      // @ts-expect-error a list of dogs is not a dog
      const single: Token<Dog> = contractMany<Dog>('dogs');
      return [widened, narrowed, single];
    });
  });
});
