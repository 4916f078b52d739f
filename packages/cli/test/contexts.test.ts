import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseTarget } from '../src/context/choose-target.ts';
import { withContext, withoutContext, withoutServer, withServer } from '../src/context/contexts-file.ts';
import { Terminal } from './support/terminal.ts';

const contexts = {
  current: 'a',
  contexts: {
    a: { server: 'http://a', token: 'ta', namespace: 'team-a' },
    b: { server: 'http://b', token: 'tb' },
  },
};
const plain = { color: true };

test.each([
  ['the current context', plain, {}, { server: 'http://a', token: 'ta', context: 'a', namespace: 'team-a' }],
  [
    '--context before GANTRY_CONTEXT',
    { ...plain, context: 'b' },
    { GANTRY_CONTEXT: 'a' },
    { server: 'http://b', token: 'tb', namespace: 'default' },
  ],
  ['GANTRY_CONTEXT before the current one', plain, { GANTRY_CONTEXT: 'b' }, { server: 'http://b' }],
  [
    'GANTRY_SERVER before the contexts',
    plain,
    { GANTRY_SERVER: 'http://c' },
    { server: 'http://c', token: undefined },
  ],
  [
    '--context before GANTRY_SERVER',
    { ...plain, context: 'b' },
    { GANTRY_SERVER: 'http://c' },
    { server: 'http://b' },
  ],
  [
    '--server, which never gets the token of a context',
    { ...plain, server: 'http://c', context: 'a' },
    {},
    { server: 'http://c', token: undefined },
  ],
  ['GANTRY_TOKEN for whatever is chosen', plain, { GANTRY_TOKEN: 't' }, { server: 'http://a', token: 't' }],
  [
    '-n before all',
    { ...plain, namespace: 'x' },
    { GANTRY_NAMESPACE: 'y' },
    { namespace: 'x', namespaceGiven: true },
  ],
  [
    'GANTRY_NAMESPACE before that of the context',
    plain,
    { GANTRY_NAMESPACE: 'y' },
    { namespace: 'y', namespaceGiven: false },
  ],
])('chosen is %s', (_, globals, env, expected) => {
  expect(chooseTarget(contexts, globals, env)).toMatchObject(expected);
});

test('a missing or unknown context is reported with a hint', () => {
  expect(() => chooseTarget({ contexts: {} }, plain, {})).toThrow('no cluster is chosen');
  expect(() => chooseTarget(contexts, { ...plain, context: 'aa' }, {})).toThrow('context "aa" not found');
});

test('the first context becomes the current one; a removed context is no longer current', () => {
  const one = withContext({ contexts: {} }, 'x', { server: 'http://x' }, false);
  expect(one.current).toBe('x');
  const two = withContext(one, 'y', { server: 'http://y' }, false);
  expect(two.current).toBe('x');
  expect(withContext(one, 'y', { server: 'http://y' }, true).current).toBe('y');
  expect(withoutContext(two, 'x').current).toBeUndefined();
  expect(withoutContext(two, 'x', 'y').current).toBe('y');
  expect(withoutContext(two, 'y').current).toBe('x');
});

test('contexts are added, used, shown without their token, and removed; only the owner may read the file', async () => {
  await using terminal = await Terminal.open();
  expect(
    await terminal.run('context add a --server http://127.0.0.1:1/ --token -', { stdin: 'secret\n' }),
  ).toMatchObject({
    code: 0,
    out: 'context a added; it is the current one\n',
  });
  const file = join(terminal.home, '.config/gantry/contexts.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    current: 'a',
    contexts: { a: { server: 'http://127.0.0.1:1', token: 'secret' } },
  });
  await terminal.run('context add b --server https://b:1 --in-namespace team-b');
  const shown = await terminal.run('context show a');
  expect(shown.out).toContain('Token:      set');
  expect(shown.out).not.toContain('secret');
  expect((await terminal.run('context use b')).out).toBe('Current context: b\n');
  expect((await terminal.run('context ls')).out).toBe(
    'CURRENT   NAME   SERVER               NAMESPACE\n          a      http://127.0.0.1:1   default\n*         b      https://b:1          team-b\n',
  );
  expect(await terminal.run('context use bb')).toMatchObject({
    code: 3,
    err: expect.stringContaining('did you mean b?'),
  });
  expect((await terminal.run('context rm a b')).code).toBe(0);
  expect(await readdir(join(file, '..'))).toEqual(['contexts.json']);
});

test('an invalid server URL is a usage error', async () => {
  await using terminal = await Terminal.open();
  expect(await terminal.run('context add a --server localhost')).toMatchObject({
    code: 2,
    err: expect.stringContaining('expected a URL'),
  });
});

test('a file that is broken, or that others can read, is named', async () => {
  await using terminal = await Terminal.open();
  await terminal.run('context add a --server http://127.0.0.1:1');
  const file = join(terminal.home, '.config/gantry/contexts.json');
  await chmod(file, 0o644);
  const doctor = await terminal.run('doctor -o json');
  expect(doctor.code).toBe(1);
  const { items } = JSON.parse(doctor.out) as { items: { name: string; state: string; means: string }[] };
  expect(items.find(({ name }) => name === 'Contexts')).toMatchObject({
    state: 'wrong',
    means: expect.stringContaining('chmod 600'),
  });
  await writeFile(file, '{"contexts": {"a": {}}}');
  expect(await terminal.run('context ls')).toMatchObject({
    code: 1,
    err: expect.stringContaining('contexts.a.server: expected a URL'),
  });
});

describe('a context of several servers', () => {
  const one = { server: 'https://a:1', token: 't', ca: 'A' };

  test('holds the URL and the certificate of each, once', () => {
    const two = withServer(one, { server: 'https://b:1', ca: 'B' });
    expect(two).toEqual({ ...one, servers: ['https://b:1'], ca: 'A\nB' });
    expect(withServer(two, { server: 'https://b:1', ca: 'B' }).servers).toEqual(['https://b:1']);
    expect(withServer(one, { server: 'https://a:1' })).toEqual(one);
  });

  test('loses one server, and goes with the last', () => {
    const two = withServer(one, { server: 'https://b:1' });
    expect(withoutServer(two, 'https://a:1')).toEqual({ ...one, server: 'https://b:1' });
    expect(withoutServer(two, 'https://b:1')).toEqual(one);
    expect(withoutServer(one, 'https://a:1')).toBeUndefined();
  });

  test('is chosen with all of its servers', () => {
    const contexts = { current: 'x', contexts: { x: { server: 'https://a:1', servers: ['https://b:1'] } } };
    expect(chooseTarget(contexts, { color: false }, {})).toMatchObject({
      server: 'https://a:1',
      servers: ['https://b:1'],
    });
  });
});
