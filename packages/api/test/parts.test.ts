import { ERROR_CODES, type ErrorCode, GantryError } from '@gantry/core';
import { TestClock } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimiter } from '../src/auth/rate-limiter.ts';
import { isDeeper } from '../src/http/json-depth.ts';
import { problemOf } from '../src/http/problem.ts';
import { apiServer } from '../src/index.ts';
import { hashSecret, newSecret, SECRET, sameHash } from '../src/secret.ts';

describe('the depth of a JSON text', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  test('is that of the value, whatever its strings contain', () => {
    const value = fc.jsonValue({ maxDepth: 8 });
    const strings = fc.array(fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', 'a') }));
    fc.assert(
      fc.property(value, strings, fc.nat(10), (inner, texts, limit) => {
        const whole = [inner, texts];
        expect(isDeeper(JSON.stringify(whole), limit)).toBe(depthOf(whole) > limit);
      }),
    );
  });
});

describe('a problem', () => {
  test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
    '%s has a status, and says no more than it should',
    (code) => {
      const error = new GantryError(code, 'a message', { cause: new Error('a cause'), details: { a: 1 } });
      const problem = problemOf(error, 'r-1');
      expect(problem.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(problem)).not.toMatch(/a cause|stack|\.ts:/);
      if (problem.status === 500) expect(JSON.stringify(problem)).not.toContain('a message');
      else expect(problem).toMatchObject({ code, detail: 'a message', details: { a: 1 } });
    },
  );

  test('does not reveal an error that is not a GantryError', () => {
    const problem = problemOf(new TypeError('password=hunter2'), 'r-1');
    expect(problem).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });
});

describe('the rate limiter', () => {
  test('lets a burst through, then the given number per second, for each key separately', () => {
    const clock = new TestClock();
    const limiter = new RateLimiter(clock, 10, 3);
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 100]);
    expect(limiter.take('b')).toBe(0);
  });

  test('never lets more through than burst + rate × time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 50 }), async (waits) => {
        const clock = new TestClock();
        const limiter = new RateLimiter(clock, 10, 5);
        let through = 0;
        let elapsed = 0;
        for (const wait of waits) {
          await clock.advance(wait);
          elapsed += wait;
          for (let turn = 0; turn < 4; turn++) if (limiter.take('a') === 0) through++;
        }
        expect(through).toBeLessThanOrEqual(5 + (elapsed / 1000) * 10 + 1e-6);
      }),
      { numRuns: 30 },
    );
  });
});

describe('secrets', () => {
  test('are of the right form, and no two are alike', () => {
    const secrets = new Set(Array.from({ length: 1000 }, newSecret));
    expect(secrets.size).toBe(1000);
    for (const secret of secrets) expect(secret).toMatch(SECRET);
  });

  test('are distinguished by their hash', () => {
    const secret = newSecret();
    expect(sameHash(hashSecret(secret), hashSecret(secret))).toBe(true);
    expect(sameHash(hashSecret(secret), hashSecret(`${secret}x`))).toBe(false);
    expect(sameHash('', '')).toBe(false);
    expect(sameHash(hashSecret(secret), '')).toBe(false);
  });
});

describe('the options', () => {
  const refused = (options: Parameters<typeof apiServer>[0]) => () => apiServer(options);

  test.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.example.org', '128.0.0.1'])(
    'does not listen on %s without TLS',
    (host) => {
      expect(refused({ listen: { host } })).toThrow(/listen.host.*loopback only/);
      expect(refused({ listen: { host }, tls: 'self-signed' })).not.toThrow();
    },
  );

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('listens on %s without TLS', (host) => {
    expect(refused({ listen: { host } })).not.toThrow();
  });

  test('a weak admin token is rejected, and not repeated', () => {
    expect(refused({ adminToken: 'hunter2' })).toThrow(/adminToken: expected "gantry_"/);
    expect(refused({ adminToken: 'hunter2' })).not.toThrow(/hunter2/);
  });

  test('unknown ones are rejected', () => {
    expect(refused({ prot: 1 } as never)).toThrow(/prot/);
    expect(refused({ listen: { socket: '/x', port: 1 } as never })).toThrow(/listen/);
  });
});
