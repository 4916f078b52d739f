import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ObjectMeta, taskName } from '../src/model/index.ts';

const meta: ObjectMeta = { name: 'web', uid: 'u1', generation: 1, createdAt: 0, labels: {} };

describe('the name of a task', () => {
  test('shows service and slot, and is a segment of a key', () => {
    expect(taskName(meta, '3', 1)).toMatch(/^web\.3\.[a-z0-9]{8}$/);
    expect(taskName({ ...meta, name: 'a'.repeat(63) }, 'n'.repeat(63), 1)).toMatch(/^[a-z0-9.]+$/);
  });

  test('is a function of service, slot and attempt', () => {
    const again = { ...meta, createdAt: 99, labels: { a: 'b' } };
    expect(taskName(again, '1', 2)).toBe(taskName(meta, '1', 2));
  });

  test('differs by slot, attempt, uid and generation of the service', () => {
    const names = [
      taskName(meta, '1', 1),
      taskName(meta, '2', 1),
      taskName(meta, '1', 2),
      taskName({ ...meta, uid: 'u2' }, '1', 1),
      taskName({ ...meta, generation: 2 }, '1', 1),
      taskName({ ...meta, name: 'api' }, '1', 1),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  test('a hundred thousand attempts of one slot have as many names', () => {
    const names = new Set(Array.from({ length: 100_000 }, (_, attempt) => taskName(meta, '1', attempt)));
    expect(names.size).toBe(100_000);
  });

  test('two different tasks of one slot have different names', () => {
    const key = fc.record({
      uid: fc.stringMatching(/^[a-z0-9]{20}$/),
      generation: fc.nat(),
      attempt: fc.nat(),
    });
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [one, two] = [a, b].map(({ attempt, ...rest }) => taskName({ ...meta, ...rest }, '1', attempt));
        expect(one === two).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
