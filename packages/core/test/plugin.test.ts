import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract, contractMany, contracts, definePlugin, type StandardSchema } from '../src/index.ts';
import { pathOf } from '../src/path-of.ts';

interface Greeter {
  greet(): string;
}
const greeter = contract<Greeter>('greeter');

const polite = definePlugin({
  name: 'greeter-polite',
  provides: greeter,
  needs: { clock: contracts.clock },
  options: z.strictObject({
    word: z.string().default('hello'),
    names: z.array(z.strictObject({ first: z.string() })).default([]),
  }),
  create: ({ word }, { clock }) => ({ greet: () => `${word} at ${clock.now()}` }),
});

describe('a plugin', () => {
  test('is a frozen value with a name, a contract, needs and a factory', () => {
    const plugin = polite();
    expect(Object.isFrozen(plugin)).toBe(true);
    expect(plugin).toMatchObject({
      name: 'greeter-polite',
      provides: greeter,
      needs: { clock: contracts.clock },
    });
  });

  test('creates with its options filled in, from its needs', () => {
    const clock = { now: () => 7 };
    expect((polite().create({ clock }) as Greeter).greet()).toBe('hello at 7');
    expect((polite({ word: 'hi' }).create({ clock }) as Greeter).greet()).toBe('hi at 7');
  });

  test('rejects wrong options immediately as INVALID_OPTIONS, naming the plugin and every path', () => {
    const wrong = { word: 5, names: [{ first: 'a' }, { last: 'b' }], color: 'red' } as never;
    expect(() => polite(wrong)).toThrowError(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/^greeter-polite: .*word: /),
        details: { plugin: 'greeter-polite' },
        issues: expect.arrayContaining([
          expect.objectContaining({ path: 'word' }),
          expect.objectContaining({ path: 'names[1].first' }),
          expect.objectContaining({ message: expect.stringContaining('color') }),
        ]),
      }),
    );
  });

  test('rejects any option if it takes none', () => {
    const plain = definePlugin({ name: 'plain', provides: greeter, create: () => ({ greet: () => '' }) });
    const withOptions = plain as unknown as (options: unknown) => unknown;
    expect(() => withOptions({})).not.toThrow();
    for (const options of [{ a: 1 }, 5, 'x']) {
      expect(() => withOptions(options)).toThrowError(
        expect.objectContaining({ code: 'INVALID_OPTIONS', message: 'plain: this plugin takes no options' }),
      );
    }
  });

  test('takes any validator with the face of Standard Schema, segments of paths as objects included', () => {
    const schema: StandardSchema<{ port: number }> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof (value as { port: unknown }).port === 'number'
            ? { value: value as { port: number } }
            : { issues: [{ message: 'expected a number', path: [{ key: 'port' }] }] },
      },
    };
    const make = definePlugin({
      name: 'own-schema',
      provides: greeter,
      options: schema,
      create: ({ port }) => ({ greet: () => String(port) }),
    });
    expect((make({ port: 80 }).create({}) as Greeter).greet()).toBe('80');
    expect(() => make({ port: 'x' } as never)).toThrowError('own-schema: port: expected a number');
  });

  test('a validator that answers later is a mistake of the plugin', () => {
    const schema: StandardSchema<object> = {
      '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: {} }) },
    };
    const make = definePlugin({
      name: 'late',
      provides: greeter,
      options: schema,
      create: () => ({ greet: () => '' }),
    });
    expect(() => make({})).toThrowError(TypeError);
  });
});

describe('a token', () => {
  test('has the same key as another of the same id, so that two copies of core agree', () => {
    expect(contract('x').key).toBe(contractMany('x').key);
    expect(contract('x').key).not.toBe(contract('y').key);
  });

  test('belongs to the cluster unless it says that each node has its own', () => {
    expect(contract('x').scope).toBe('cluster');
    expect(contract('x', { scope: 'node' }).scope).toBe('node');
    expect(contractMany('x')).toMatchObject({ many: true, scope: 'cluster' });
  });
});

test.each([
  [['ports', 1, 'target'], 'ports[1].target'],
  [[0, 'a'], '[0].a'],
  [[], ''],
  [undefined, ''],
  [[{ key: 'a' }, { key: 2 }], 'a[2]'],
])('the path %j reads as %s', (path, expected) => {
  expect(pathOf(path)).toBe(expected);
});
