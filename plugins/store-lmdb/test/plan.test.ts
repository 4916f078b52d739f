import { describe, expect, test } from 'vitest';
import { type Encoded, Plan, type Stored } from '../src/plan.ts';

function planOn(stored: Readonly<Record<string, Stored>>, revision: number): Plan {
  const state = {
    has: (key: string, wanted?: number) =>
      stored[key] !== undefined && (wanted === undefined || stored[key].revision === wanted),
    read: (key: string) => stored[key],
  };
  return new Plan(state, revision);
}

function put(key: string, text: string | undefined, expect?: Encoded['expect']): Encoded {
  return { key, text, expect };
}

const before = { a: { text: '"old"', revision: 4 } };

describe('a group of commits', () => {
  test('sees in each what those before it write', () => {
    const plan = planOn(before, 9);
    expect(plan.add({ changes: [put('a', '1', 4), put('b', '2', 'absent')], fence: undefined })).toEqual([
      { ok: true, revision: 10 },
      { ok: true, revision: 11 },
    ]);
    expect(plan.add({ changes: [put('a', '3', 4), put('b', '4', 11)], fence: undefined })).toEqual([
      { ok: false, current: { key: 'a', value: 1, revision: 10 } },
      { ok: true, revision: 12 },
    ]);
    expect(plan.writes.map(({ key, revision }) => [key, revision])).toEqual([
      ['a', 10],
      ['b', 11],
      ['b', 12],
    ]);
    expect([...plan.last.values()].map(({ key, text }) => [key, text])).toEqual([
      ['a', '1'],
      ['b', '4'],
    ]);
  });

  test('deletes a key once, and counts no revision for a missing key', () => {
    const plan = planOn(before, 9);
    const changes = [put('a', undefined), put('a', undefined), put('b', undefined), put('a', '1', 'absent')];
    expect(plan.add({ changes, fence: undefined }).map((outcome) => outcome.ok && outcome.revision)).toEqual([
      10, 10, 10, 11,
    ]);
  });

  test('rejects commits whose fence has changed, and leaves no trace of them', () => {
    const plan = planOn(before, 9);
    plan.add({ changes: [put('a', '1')], fence: { key: 'a', revision: 4 } });
    const late = { changes: [put('b', '2')], fence: { key: 'a', revision: 4 } };
    expect(() => plan.add(late)).toThrow(expect.objectContaining({ code: 'FENCED' }));
    expect(plan.revision).toBe(10);
    expect(plan.add({ changes: [put('b', '2')], fence: { key: 'a', revision: 10 } })).toHaveLength(1);
    plan.add({ changes: [put('a', undefined)], fence: undefined });
    expect(() => plan.add({ changes: [], fence: { key: 'a', revision: 10 } })).toThrow(
      'no longer at revision 10',
    );
  });
});
