import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CORE_KINDS, findKind } from '../src/cluster/kinds.ts';
import { parseForward } from '../src/commands/port-forward.ts';
import { parseGrant } from '../src/commands/token.ts';
import { parseCondition } from '../src/commands/wait.ts';
import { positionOf } from '../src/completion/position.ts';
import { wantedAt } from '../src/completion/wanted.ts';
import { parseAmounts, parseChanges, splitPair } from '../src/input/key-values.ts';
import { parseManifests, readAll } from '../src/input/manifests.ts';
import { placeAll } from '../src/input/place.ts';
import { changeTaints } from '../src/input/taints.ts';
import { buildProgram, commandWord } from '../src/program.ts';

/** Nine lines that expand to a billion words. */
function aliasBomb(): string {
  const lines = Array.from({ length: 9 }, (_, at) => {
    const each = at === 0 ? 'lol' : `*a${at - 1}`;
    return `a${at}: &a${at} [${Array.from({ length: 10 }, () => each).join(', ')}]`;
  });
  return `kind: service\n${lines.join('\n')}\n`;
}

describe('manifests', () => {
  test('documents, JSON, lists, and lists in lists are all taken apart', () => {
    const names = (text: string) => parseManifests(text, 'f').map(({ object }) => object.meta.name);
    expect(names('kind: service\nmeta: {name: a}\n---\n---\nkind: network\nmeta: {name: b}\n')).toEqual([
      'a',
      'b',
    ]);
    expect(names('{"kind":"list","items":[{"kind":"service","meta":{"name":"a"}}]}')).toEqual(['a']);
    expect(names('- {kind: service, meta: {name: a}}\n- {kind: network, meta: {name: b}}')).toEqual([
      'a',
      'b',
    ]);
    expect(names('')).toEqual([]);
  });

  test.each([
    ['kind: [', 'f: '],
    ['a: 1\na: 2', 'unique'],
    ['meta: {name: a}', 'with a kind'],
    ['just text', 'expected an object'],
    ['kind: service\n---\nmeta: {}', 'f document 2'],
    ['kind: service\nmeta: {name: "a\\0b"}', 'f: service: meta.name: must not contain a NUL character'],
    ['kind: service\n"a\\0b": 1', 'must not contain a NUL character'],
    ['kind: service\nmeta: {name: "\\ud800"}', 'half of a surrogate pair'],
    ['kind: service\nspec: {replicas: .nan}', 'spec.replicas: expected a finite number, got NaN'],
    ['kind: service\nspec: {replicas: .inf}', 'expected a finite number, got Infinity'],
    ['kind: service\nspec: {replicas: -.Inf}', 'expected a finite number, got -Infinity'],
    ['kind: service\nspec: {replicas: 1e999}', 'expected a finite number'],
    ['{"kind":"service","__proto__":{"a":1}}', 'f: service: __proto__: not allowed as a key'],
    ['kind: service\nmeta:\n  __proto__: {a: 1}', 'meta.__proto__: not allowed as a key'],
    [
      '%YAML 1.1\n---\nkind: service\nspec: 2001-12-14t21:59:43.10-05:00',
      'spec: expected an object, got a Date',
    ],
    ['%YAML 1.1\n---\nkind: service\nspec: !!binary aGVsbG8=', 'spec: expected an object, got a'],
    ['kind: service\nspec: *nowhere', 'f: '],
    [`kind: service\nspec: ${'['.repeat(200)}${']'.repeat(200)}`, 'nests deeper than 64 levels'],
    [`kind: service\nspec: ${'{a: '.repeat(5000)}`, 'f: nests too deeply'],
    [`${'['.repeat(5000)}${']'.repeat(5000)}`, 'f: nests too deeply'],
    [`${'['.repeat(40)}${']'.repeat(40)}`, 'lists nest deeper than 16 levels'],
    [aliasBomb(), 'f: '],
    ['kind: service\nmeta: &a {b: *a}', 'f: '],
    ['12', 'expected an object, got 12'],
    ['.nan', 'expected an object'],
    ['kind: {a: 1}', 'with a kind'],
    ['kind: 7', 'with a kind'],
  ])('%# is INVALID_OBJECT with its place', (text, reason) => {
    expect(() => parseManifests(text, 'f')).toThrowError(
      expect.objectContaining({ code: 'INVALID_OBJECT', message: expect.stringContaining(reason) }),
    );
  });

  test('-0 is 0', () => {
    const [manifest] = parseManifests('kind: service\nspec: {replicas: -0}', 'f');
    const spec = manifest?.object.spec as { readonly replicas: number } | undefined;
    expect(Object.is(spec?.replicas, 0)).toBe(true);
  });

  test('objects without a namespace use the current one; a namespace other than that of -n is a mistake', () => {
    const manifest = (meta: object, kind = 'service') => [{ object: { kind, meta } as never, source: 'f' }];
    const place = (meta: object, target: { namespace: string; namespaceGiven: boolean }, kind?: string) =>
      placeAll(manifest(meta, kind), target, CORE_KINDS)[0]?.meta;
    const given = { namespace: 'team-a', namespaceGiven: true };
    expect(place({ name: 'a' }, given)).toEqual({ name: 'a', namespace: 'team-a' });
    expect(place({ name: 'a' }, { namespace: 'default', namespaceGiven: false })).toEqual({ name: 'a' });
    expect(place({ name: 'a' }, given, 'node')).toEqual({ name: 'a' });
    expect(place({ name: 'a', namespace: 'b' }, { ...given, namespaceGiven: false })).toEqual({
      name: 'a',
      namespace: 'b',
    });
    expect(() => place({ name: 'a', namespace: 'b' }, given)).toThrow('is of namespace b, not of team-a');
  });
});

test('an input that does not end is left, and closed, when the signal fires', async () => {
  const stop = new AbortController();
  let closed = false;
  const input = {
    isTTY: false,
    read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
    close: () => {
      closed = true;
    },
    setRawMode: () => {},
  };
  const reading = readAll(input, stop.signal);
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
  expect(closed).toBe(true);
});

describe('words', () => {
  test('a pair is split at the first =', () => {
    expect(splitPair('a=b=c')).toEqual(['a', 'b=c']);
    expect(splitPair('a')).toEqual(['a', undefined]);
  });

  test('changes set and unset; anything else is rejected', () => {
    expect(parseChanges(['a=1', 'b-', 'c='], 'KEY')).toEqual({ a: '1', b: null, c: '' });
    for (const words of [['a'], ['-'], ['=x'], []])
      expect(() => parseChanges(words, 'KEY')).toThrow('KEY=VALUE');
  });

  test('amounts keep their units', () => {
    expect(parseAmounts('cpu=250m,memory=64Mi,gpu=1', '--requests')).toEqual({
      cpu: '250m',
      memory: '64Mi',
      gpu: 1,
    });
    expect(() => parseAmounts('cpu', '--requests')).toThrow('--requests');
  });

  test.each([
    ['8080:80', { local: 8080, remote: 80 }],
    ['80', { local: 80, remote: 80 }],
    [':80', { local: 0, remote: 80 }],
  ])('forward %s', (text, forward) => {
    expect(parseForward(text)).toEqual(forward);
  });

  test.each(['', 'a:80', '80:0', '1:2:3', '70000'])('forward %j is rejected', (text) => {
    expect(() => parseForward(text)).toThrow('[LOCAL:]REMOTE');
  });

  test('a grant is a role at a namespace', () => {
    expect(parseGrant('operator@team-a')).toEqual({ role: 'operator', namespace: 'team-a' });
    for (const text of ['root@*', 'viewer', 'viewer@', 'viewer@a@b'])
      expect(() => parseGrant(text)).toThrow('ROLE@NAMESPACE');
  });

  test('a kind is known by its name, plural and short names', () => {
    for (const word of ['service', 'services', 'svc', 'Service'])
      expect(findKind(word, CORE_KINDS)?.kind).toBe('service');
    expect(findKind('pod', CORE_KINDS)).toBeUndefined();
  });
});

describe('taints', () => {
  const taints = [
    { key: 'a', value: '1', effect: 'NoSchedule' },
    { key: 'a', value: '1', effect: 'NoExecute' },
  ] as const;

  test('a taint replaces the one with the same key and effect, and is removed by key, or by key and effect', () => {
    expect(changeTaints(taints, ['a=2:NoSchedule', 'b:NoExecute'])).toEqual([
      taints[1],
      { key: 'a', value: '2', effect: 'NoSchedule' },
      { key: 'b', value: '', effect: 'NoExecute' },
    ]);
    expect(changeTaints(taints, ['a-'])).toEqual([]);
    expect(changeTaints(taints, ['a:NoExecute-'])).toEqual([taints[0]]);
  });

  test('a malformed taint, and the removal of a missing one, is rejected', () => {
    for (const word of ['a=1', 'a:Never', 'b-', 'a:Sometimes-', ''])
      expect(() => changeTaints(taints, [word])).toThrow();
  });

  test('setting a taint and taking it off again leaves the others', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[b-z]{1,5}$/), (key) => {
        expect(changeTaints(changeTaints(taints, [`${key}=x:NoExecute`]), [`${key}-`])).toEqual(taints);
      }),
    );
  });
});

describe('wait', () => {
  const object = { status: { ready: 3, conditions: [{ type: 'Available', status: 'false' }] } } as never;
  const holds = async (text: string) => {
    const condition = await parseCondition(text);
    return typeof condition === 'function' ? condition(object) : condition;
  };

  test.each([
    ['delete', 'deleted'],
    ['condition=Available', 'Available'],
    ['condition=Available=false', true],
    ['condition=available=unknown', false],
    ['jsonpath={.status.ready}=3', true],
    ["jsonpath='{.status.ready}'=3", 'refused'],
    ['jsonpath=.status.ready=4', false],
    ['jsonpath={.status.missing}', false],
    ['jsonpath={.status.ready}', true],
    ['soon', 'refused'],
  ])('--for %s: %s', async (text, expected) => {
    if (expected === 'refused') await expect(holds(text)).rejects.toThrow('--for');
    else expect(await holds(text)).toBe(expected);
  });
});

test.each([
  [['get', 'svc'], 'get'],
  [['--context', 'a', '-n', 'b', 'get'], 'get'],
  [['--no-color', 'get'], 'get'],
  [['help', 'get'], 'get'],
  [['help'], 'help'],
  [['--help'], undefined],
  [['--', 'get'], undefined],
])('the command of %j is %s', (argv, word) => {
  expect(commandWord(argv)).toBe(word);
});

test.each([
  [['get', ''], { type: 'kinds', servers: true }],
  [['-n', 'x', 'get', 'svc', ''], { type: 'names', kinds: ['svc'] }],
  [['logs', 'w'], { type: 'names', kinds: ['service', 'task'] }],
  [['logs', 'web', ''], { type: 'names', kinds: ['service', 'task'] }],
  [['explain', 'web', ''], undefined],
  [['drain', 'a', ''], { type: 'names', kinds: ['node'] }],
  [['rollout', 'undo', ''], { type: 'names', kinds: ['service'] }],
  [['context', 'use', ''], { type: 'contexts' }],
  [['down', ''], { type: 'clusters' }],
  [['get', 'svc/w'], { type: 'names', kinds: ['svc'], qualified: true }],
  [['get', '-n', ''], { type: 'namespaces' }],
  [['version', ''], undefined],
])('behind %j may stand %j', async (words, wanted) => {
  const program = await buildProgram('all', () => async () => undefined);
  expect(wantedAt(positionOf(program, words))).toEqual(wanted);
});
