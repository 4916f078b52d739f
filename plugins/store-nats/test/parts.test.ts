import type { Entry } from '@gantry/core/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type EncodedChange, type Known } from '../src/decide.ts';
import { decodeKey, encodeKey } from '../src/key-codec.ts';
import { checkServer, losesReplicated, whatIsWrong } from '../src/open-bucket.ts';
import { isConflict, refusal } from '../src/refusal.ts';
import { splitChanges } from '../src/split-changes.ts';
import { Turns } from '../src/turns.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

describe('a key of the bucket', () => {
  test('is the key of the store again, and one that NATS takes', () => {
    fc.assert(
      fc.property(key, (one) => {
        const encoded = encodeKey(one);
        expect(decodeKey(encoded)).toBe(one);
        expect(encoded).toMatch(/^[-/=.\w]+$/);
        expect(encoded.split('.')).not.toContain('');
      }),
    );
  });

  test('equals the key, except for dots that a subject cannot contain', () => {
    expect(['tasks/web.1.x', 'a..b', '.a', 'a.'].map(encodeKey)).toEqual([
      'tasks/web.1.x',
      'a.=2Eb',
      '=2Ea',
      'a=2E',
    ]);
  });

  test('is undefined if no store has written it', () => {
    for (const foreign of ['a=2Eb', 'a b', 'a=', 'ä', '']) expect(decodeKey(foreign)).toBeUndefined();
  });
});

describe('the decision about a change', () => {
  const entry: Entry = { key: 'a', value: 1, revision: 7 };
  const there: Known = { present: true, revision: 7, entry };
  const gone: Known = { present: false, revision: 5, entry: undefined };
  const change = (expect: EncodedChange['expect'], text: string | undefined = '1'): EncodedChange => ({
    key: 'a',
    text,
    expect,
  });

  test('is to write it if the expected state is the known one', () => {
    expect(decide(change(7), there, false, 9)).toEqual({ kind: 'write', sequence: 7 });
    expect(decide(change('absent'), gone, false, 9)).toEqual({ kind: 'write', sequence: 5 });
    expect(decide(change(undefined), there, false, 9)).toEqual({ kind: 'write', sequence: undefined });
  });

  test('is to reject it only on the basis of certain knowledge', () => {
    expect(decide(change(6), there, false, 9)).toEqual({ kind: 'look' });
    expect(decide(change(6), there, true, 9)).toEqual({
      kind: 'answer',
      outcome: { ok: false, current: entry },
    });
    expect(decide(change('absent'), there, true, 9)).toMatchObject({
      kind: 'answer',
      outcome: { ok: false },
    });
    expect(decide(change(6), gone, true, 9)).toEqual({
      kind: 'answer',
      outcome: { ok: false, current: undefined },
    });
  });

  test('is nothing if the key to delete does not exist', () => {
    expect(decide(change(undefined, ''), gone, true, 9)).toMatchObject({ kind: 'write' });
    const deletion: EncodedChange = { key: 'a', text: undefined, expect: undefined };
    expect(decide(deletion, gone, false, 9)).toEqual({ kind: 'look' });
    expect(decide(deletion, gone, true, 9)).toEqual({ kind: 'answer', outcome: { ok: true, revision: 9 } });
  });
});

describe('an error of JetStream', () => {
  test('is a conflict under both of its numbers', () => {
    expect([10071, 10164, 10077].map((err_code) => isConflict({ code: 400, err_code }))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test.each([
    [10077, 503, 'EXHAUSTED'],
    [10076, 503, 'UNSUPPORTED'],
    [10008, 503, 'UNAVAILABLE'],
    [10003, 400, 'INTERNAL'],
  ])('reports number %i as its code', (err_code, code, wanted) => {
    expect(refusal({ code, err_code, description: 'no' }, 'it').code).toBe(wanted);
  });
});

test('a commit is cut where a key comes again', () => {
  const keys = ['a', 'b', 'a', 'a', 'c', 'b'].map((each) => ({ key: each }));
  const runs = splitChanges(keys).map((run) => run.map((each) => each.key).join(''));
  expect(runs).toEqual(['ab', 'a', 'acb']);
});

describe('writes to a replicated bucket', () => {
  const mirror = { knownTo: 10, upToDate: async () => undefined } as unknown as ConstructorParameters<
    typeof Turns
  >[0];

  test('name the sequence that the one before them makes, and no two of a batch have one key', async () => {
    const turns = new Turns(mirror);
    const named: string[] = [];
    const write = (label: string) => async (sequence: number) => {
      named.push(`${label} ${sequence}`);
      return true;
    };
    await Promise.all([
      turns.take('a', write('a1')),
      turns.take('b', write('b1')),
      turns.take('a', write('a2')),
      turns.take('c', write('c1')),
    ]);
    expect(named).toEqual(['a1 10', 'b1 11', 'c1 12', 'a2 10']);
  });

  test('fail alone', async () => {
    const turns = new Turns(mirror);
    const fails = turns.take('a', async () => {
      throw new Error('lost');
    });
    const refused = turns.take('b', async () => false);
    await expect(fails).rejects.toThrow('lost');
    await refused;
    await turns.take('a', async () => true);
  });
});

describe('a bucket', () => {
  const config = {
    name: 'KV_b',
    subjects: ['$KV.b.>'],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_age: 0,
    max_msgs_per_subject: 1,
    num_replicas: 1,
  };

  test('is valid as a KV client makes it', () => {
    expect(whatIsWrong(config, 'b', 1, 1000)).toBeUndefined();
  });

  test.each<[object, RegExp]>([
    [{ storage: 'memory' }, /memory/],
    [{ max_age: 1 }, /expire/],
    [{ no_ack: true }, /confirm/],
    [{ discard: 'old' }, /throws away/],
    [{ subjects: ['a.>'] }, /not a key-value bucket/],
    [{ max_msg_size: 10 }, /10 bytes/],
  ])('is rejected with %o', (more, message) => {
    expect(whatIsWrong({ ...config, ...more }, 'b', 1, 1000)).toMatch(message);
  });

  test('is rejected with fewer replicas than requested', () => {
    expect(whatIsWrong(config, 'b', 3, 1000)).toMatch(/1 of the 3/);
  });
});

test.each<[string, number, RegExp | undefined]>([
  ['2.8.4', 1_048_576, /2\.9 or newer/],
  ['2.9.10', 1000, /max_payload/],
  ['2.9.10', 1_048_576, undefined],
  ['2.11.0', 1_048_576, undefined],
])('a server of version %s that takes %i bytes', (version, max_payload, message) => {
  const look = (): void => checkServer({ version, max_payload }, 900_000);
  if (message === undefined) look();
  else expect(look).toThrow(message);
});

test('replicated buckets are safe from the version that has fixed their losses', () => {
  for (const version of ['2.9.10', '2.9.20', '2.8.4', '1.0.0']) expect(losesReplicated(version)).toBe(true);
  for (const version of ['2.9.21', '2.9.25', '2.10.0', '2.10.0-beta.1', '3.0.0'])
    expect(losesReplicated(version)).toBe(false);
});
