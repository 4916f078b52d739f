import { isGantryError } from '@gantry/core';
import type { WatchEvent } from '@gantry/core/api';
import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../src/node.ts';
import { json, lines, problem, type Script, ScriptedServer } from './support/scripted-server.ts';

const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function against(scripts: readonly Script[], options: { silenceMs?: number; retries?: number } = {}) {
  const server = await ScriptedServer.start(...scripts);
  const client = connect({ url: server.url, random: { next: () => 0 }, ...options });
  closing.push(server, client);
  return { server, client };
}

const event = (type: WatchEvent<never>['type'], name: string, revision: number) => ({
  type,
  object: {
    kind: 'network',
    meta: { name, revision, labels: {}, uid: name, generation: 1, createdAt: 0 },
    spec: {},
  },
});
const bookmark = (revision: number) => ({ type: 'bookmark', revision });
const error = (code: string, details = {}) => ({
  type: 'error',
  problem: { status: 410, code, detail: code, details },
});

/** So many events, or the code of the error that came before them. */
async function take(watch: AsyncIterable<readonly WatchEvent<unknown>[]>, count: number) {
  const seen: unknown[] = [];
  try {
    for await (const events of watch) {
      for (const { type, object } of events) {
        const { name } = (object as { meta: { name: string } }).meta;
        seen.push(`${type} ${name}`);
      }
      if (seen.length >= count) return seen;
    }
  } catch (thrown) {
    if (!isGantryError(thrown)) throw thrown;
    return [...seen, thrown.code];
  }
  return [...seen, 'ended'];
}

const asked = (server: ScriptedServer) =>
  server.seen.map(({ url }) => [url.searchParams.get('since'), url.searchParams.get('uid')]);

describe('a watch over several connections', () => {
  test.each([['end'], ['lose']] as const)('resumes where it was after each kind of end: %s', async (end) => {
    const { server, client } = await against([
      lines(
        [event('added', 'a', 3), bookmark(5), event('modified', 'a', 6), bookmark(6), { type: 'end' }],
        end,
      ),
      lines([bookmark(6), event('deleted', 'a', 9), bookmark(9)], end),
      lines([bookmark(9), bookmark(20)], end),
      lines([event('added', 'b', 21), bookmark(21)], 'stay'),
    ]);
    expect(await take(client.watch('network'), 4)).toEqual(['added a', 'modified a', 'deleted a', 'added b']);
    expect(asked(server)).toEqual([
      [null, null],
      ['6', 'u1'],
      ['9', 'u1'],
      ['20', 'u1'],
    ]);
  });

  test('tolerates that the server is away for a while, once it was connected', async () => {
    const { client } = await against(
      [
        lines([bookmark(5)], 'lose'),
        problem(503, 'UNAVAILABLE'),
        (response) => response.destroy(),
        problem(429, 'EXHAUSTED'),
        lines([bookmark(5), error('UNAVAILABLE')]),
        lines([event('added', 'b', 6), bookmark(6)], 'stay'),
      ],
      { retries: 0 },
    );
    expect(await take(client.watch('network'), 1)).toEqual(['added b']);
  });

  test('takes a silent connection for lost', async () => {
    const { client, server } = await against(
      [lines([bookmark(5)], 'stay'), lines([event('added', 'b', 6), bookmark(6)], 'stay')],
      { silenceMs: 50 },
    );
    expect(await take(client.watch('network'), 1)).toEqual(['added b']);
    expect(asked(server)).toEqual([
      [null, null],
      ['5', 'u1'],
    ]);
  });

  test('delivers events of one revision together, and again as a whole if the connection is lost in between', async () => {
    const { server, client } = await against([
      lines([bookmark(5), event('added', 'a', 6), event('added', 'b', 6)], 'lose'),
      lines(
        [bookmark(5), event('added', 'a', 6), event('added', 'b', 6), event('added', 'c', 6), bookmark(6)],
        'stay',
      ),
    ]);
    const batches: number[] = [];
    for await (const events of client.watch('network', { since: 5 })) {
      batches.push(events.length);
      if (batches.length === 1) break;
    }
    expect(batches).toEqual([3]);
    expect(asked(server).map(([since]) => since)).toEqual(['5', '5']);
  });

  test('does not begin without a server', async () => {
    const { client } = await against([problem(503, 'UNAVAILABLE')], { retries: 1 });
    expect(await take(client.watch('network'), 1)).toEqual(['UNAVAILABLE']);
  });

  test.each(['UNAUTHENTICATED', 'FORBIDDEN', 'INVALID_OBJECT'])('ends for good with %s', async (code) => {
    const { client } = await against([lines([bookmark(5)]), problem(403, code)]);
    expect(await take(client.watch('network'), 1)).toEqual([code]);
  });

  test('ends without an error when the signal fires', async () => {
    const { client } = await against([lines([bookmark(5)], 'stay')]);
    const stop = new AbortController();
    const taken = take(client.watch('network', { signal: stop.signal }), 1);
    setTimeout(() => stop.abort(), 50);
    expect(await taken).toEqual(['ended']);
  });
});

describe('COMPACTED', () => {
  const compacted = problem(410, 'COMPACTED');

  test('is thrown to a caller that has given the revision', async () => {
    const { client } = await against([compacted]);
    expect(await take(client.watch('network', { since: 3 }), 1)).toEqual(['COMPACTED']);
  });

  test('is thrown to a caller that has received events', async () => {
    const { client } = await against([lines([event('added', 'a', 1), bookmark(5)]), compacted]);
    expect(await take(client.watch('network'), 2)).toEqual(['added a', 'COMPACTED']);
  });

  test('is thrown in the middle of the stream as well', async () => {
    const { client } = await against([lines([event('added', 'a', 1), bookmark(5), error('COMPACTED')])]);
    expect(await take(client.watch('network'), 2)).toEqual(['added a', 'COMPACTED']);
  });

  test('is not thrown to a caller that has received nothing: the watch starts over', async () => {
    const { client, server } = await against([
      lines([bookmark(5)]),
      compacted,
      lines([event('added', 'b', 2), bookmark(2)], 'stay', 'u2'),
    ]);
    expect(await take(client.watch('network'), 1)).toEqual(['added b']);
    expect(asked(server)).toEqual([
      [null, null],
      ['5', 'u1'],
      [null, null],
    ]);
  });

  test('is thrown if the connection is lost before all objects were delivered', async () => {
    const { client } = await against([lines([event('added', 'a', 1)], 'lose')]);
    expect(await take(client.watch('network'), 2)).toEqual(['added a', 'COMPACTED']);
  });
});

describe('the uid of the cluster', () => {
  const listing = (revision: number, uid: string) =>
    json(200, { items: [], revision }, { 'gantry-cluster-uid': uid });
  const events = lines([event('added', 'a', 99), bookmark(99)], 'stay');

  test('belongs to the revision of its list, whatever was received since', async () => {
    const { client, server } = await against([listing(10, 'u1'), listing(20, 'u2'), json(200, {}), events]);
    await client.list('network');
    await client.list('network');
    await client.get('network', 'x');
    await take(client.watch('network', { since: 10 }), 1);
    await take(client.watch('network', { since: 20 }), 1);
    await take(client.watch('network', { since: 15 }), 1);
    expect(asked(server).slice(3)).toEqual([
      ['10', 'u1'],
      ['20', 'u2'],
      ['15', 'u2'],
    ]);
  });
});
