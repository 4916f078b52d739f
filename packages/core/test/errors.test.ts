import { describe, expect, test, vi } from 'vitest';
import {
  aborted,
  ERROR_CODES,
  GantryError,
  isGantryError,
  throwIfAborted,
  toGantryError,
  unlessAborted,
} from '../src/index.ts';

describe('an error', () => {
  test('carries code, details, issues and cause', () => {
    const cause = new Error('socket');
    const issues = [{ path: 'a', message: 'b' }];
    const error = new GantryError('UNAVAILABLE', 'no store', { cause, details: { host: 'x' }, issues });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', cause, details: { host: 'x' }, issues });
    expect(String(error)).toBe('UNAVAILABLE no store');
    expect('cause' in new GantryError('INTERNAL', 'x')).toBe(false);
  });

  test('is known by its brand, and by any of several codes', () => {
    const error = new GantryError('CONFLICT', 'x');
    expect(isGantryError(error)).toBe(true);
    expect(isGantryError(error, 'NOT_FOUND', 'CONFLICT')).toBe(true);
    expect(isGantryError(error, 'NOT_FOUND')).toBe(false);
  });

  test.each([undefined, null, 'CONFLICT', new Error('x'), { code: 'CONFLICT' }, 7])(
    '%s is none',
    (thrown) => {
      expect(isGantryError(thrown)).toBe(false);
    },
  );

  test('is recognised if it comes from another copy of core', async () => {
    vi.resetModules();
    const copy = await import('../src/errors.ts');
    expect(copy.GantryError).not.toBe(GantryError);
    const foreign = new copy.GantryError('TIMEOUT', 'late');
    expect(foreign).not.toBeInstanceOf(GantryError);
    expect(isGantryError(foreign, 'TIMEOUT')).toBe(true);
    expect(toGantryError(foreign)).toBe(foreign);
    expect(copy.isGantryError(new GantryError('TIMEOUT', 'late'), 'TIMEOUT')).toBe(true);
  });

  test('wraps any thrown value: a GantryError is kept, everything else is INTERNAL with its cause', () => {
    const own = new GantryError('CLOSED', 'x');
    expect(toGantryError(own, 'context')).toBe(own);
    const other = new TypeError('boom');
    expect(toGantryError(other, 'plugin x')).toMatchObject({
      code: 'INTERNAL',
      message: 'plugin x: boom',
      cause: other,
    });
    const full = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    expect(toGantryError(full)).toMatchObject({ code: 'EXHAUSTED', cause: full });
    expect(toGantryError('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
  });

  test('every code says whether to retry, and why it exists', () => {
    for (const { retry, summary } of Object.values(ERROR_CODES)) {
      expect(['no', 'reread', 'backoff', 'slow']).toContain(retry);
      expect(summary).not.toBe('');
    }
  });
});

describe('a fired signal', () => {
  test('is ABORTED with its reason as the cause', () => {
    const reason = new Error('enough');
    expect(aborted(AbortSignal.abort(reason))).toMatchObject({ code: 'ABORTED', cause: reason });
    expect(() => throwIfAborted(AbortSignal.abort())).toThrowError(
      expect.objectContaining({ code: 'ABORTED' }),
    );
  });

  test('throws its reason if that is a GantryError', () => {
    const closed = new GantryError('CLOSED', 'the cluster is closed');
    expect(aborted(AbortSignal.abort(closed))).toBe(closed);
  });

  test('throws nothing if it has not fired or does not exist', () => {
    expect(() => throwIfAborted(undefined)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  });
});

describe('an abandoned promise', () => {
  const late = (): Promise<never> =>
    new Promise((_, reject) => setImmediate(() => reject(new Error('late'))));

  test('is ABORTED immediately, and its later outcome has no effect', async () => {
    const stop = new AbortController();
    const waiting = unlessAborted(late(), stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(unlessAborted(late(), stop.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  });

  test('resolves as usual if its signal does not fire', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(unlessAborted(late(), signal)).rejects.toThrow('late');
  });
});
