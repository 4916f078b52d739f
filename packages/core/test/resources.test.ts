import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCpu, parseMemory } from '../src/model/index.ts';
import { requirementsSchema, resourcesSchema } from '../src/model/resources.ts';

describe('an amount of CPU', () => {
  test.each([
    [250, 250],
    ['250m', 250],
    ['0.25', 250],
    ['2', 2000],
    ['1.5', 1500],
    ['0', 0],
  ])('%j is %d millicores', (written, millicores) => {
    expect(parseCpu(written)).toBe(millicores);
  });

  test.each(['', 'm', '1k', '-1', '1 core', '.5', '1,5', '1e3', '0x10', ' 1'])('%j is none', (written) => {
    expect(parseCpu(written)).toBeUndefined();
  });
});

describe('an amount of memory', () => {
  test.each([
    [67_108_864, 67_108_864],
    ['67108864', 67_108_864],
    ['64Mi', 67_108_864],
    ['64M', 64_000_000],
    ['1k', 1000],
    ['1Ki', 1024],
    ['1.5Gi', 1_610_612_736],
    ['1G', 1e9],
    ['1Ti', 2 ** 40],
  ])('%j is %d bytes', (written, bytes) => {
    expect(parseMemory(written)).toBe(bytes);
  });

  test.each(['', 'Mi', '64MB', '64mb', '64mi', '-64Mi', '64 Mi', '1e6', '64toString'])(
    '%j is none',
    (written) => {
      expect(parseMemory(written)).toBeUndefined();
    },
  );

  test('a larger number with the same unit is never less', () => {
    const unit = fc.constantFrom('', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti');
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), unit, (a, b, u) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((n) => parseMemory(`${n}${u}`) as number);
        expect(less as number).toBeLessThanOrEqual(more as number);
      }),
    );
  });
});

describe('resources', () => {
  const problems = (value: unknown) =>
    resourcesSchema
      .safeParse(value)
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

  test('are read with the unit of each, further ones as counts', () => {
    expect(resourcesSchema.parse({ cpu: '0.5', memory: '1Ki', gpu: 2, 'acme.io/fpga': 1 })).toEqual({
      cpu: 500,
      memory: 1024,
      gpu: 2,
      'acme.io/fpga': 1,
    });
  });

  test.each([
    [{ cpu: -1 }, 'cpu: must not be negative, got -1'],
    [{ cpu: 0.5 }, 'cpu: expected whole millicores'],
    [{ cpu: '64Mi' }, 'cpu: expected whole millicores'],
    [{ memory: '64MB' }, 'memory: expected bytes'],
    [{ memory: Number.NaN }, 'memory: '],
    [{ memory: Number.POSITIVE_INFINITY }, 'memory: '],
    [{ cpu: 1e12 }, 'cpu: must be at most 1000000, got 1000000000000'],
    [{ memory: '99999Ti' }, 'memory: must be at most'],
    [{ gpu: '2' }, 'gpu: expected a whole number, got "2"'],
    [{ gpu: 1.5 }, 'gpu: expected a whole number'],
    [{ 'GPU!': 1 }, 'GPU!: expected a resource name'],
  ])('%j is rejected: %s', (value, message) => {
    expect(problems(value)).toEqual([expect.stringContaining(message)]);
  });

  test('a request must not exceed the limit, and the limit is named', () => {
    const result = requirementsSchema.safeParse({
      requests: { cpu: 500, memory: '2Gi' },
      limits: { cpu: 250, memory: '1Gi' },
    });
    expect(result.error?.issues).toMatchObject([
      { path: ['requests', 'cpu'], message: 'must not exceed the limit 250' },
      { path: ['requests', 'memory'], message: 'must not exceed the limit 1073741824' },
    ]);
  });

  test('every amount that is taken is a whole number that is not negative', () => {
    const amount = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constantFrom('1m', '0.0004', '64Mi'));
    fc.assert(
      fc.property(amount, amount, (cpu, memory) => {
        const result = resourcesSchema.safeParse({ cpu, memory });
        if (!result.success) return;
        for (const value of Object.values(result.data)) {
          expect(Number.isInteger(value) && value >= 0).toBe(true);
        }
      }),
    );
  });
});
