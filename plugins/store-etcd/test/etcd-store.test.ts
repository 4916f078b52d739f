import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import type { EtcdStore, EtcdStoreOptions } from '../src/index.ts';
import { makeStore, startAnswered, startStore } from './support/etcd.ts';
import { FakeEtcd, Refusal, type Script } from './support/fake-etcd.ts';

const made: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of made.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function fakes(...scripts: Script[]): Promise<FakeEtcd[]> {
  const started = await Promise.all(scripts.map((script) => FakeEtcd.start(script)));
  made.push(...started);
  return started;
}

async function storeOn(servers: readonly FakeEtcd[], more: EtcdStoreOptions = {}): Promise<EtcdStore> {
  const store = await startAnswered({ endpoints: servers.map(({ url }) => url), timeoutMs: 1000, ...more });
  made.push(store);
  return store;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const put = [{ key: 'a', value: 1 }];
const unsure = new Refusal(status.UNAVAILABLE, 'etcdserver: leader changed');
const noLeader = new Refusal(status.UNAVAILABLE, 'etcdserver: no leader');
const many = Array.from({ length: 250 }, (_, index) => ({ key: `k${index}`, value: index }));

describe('the start', () => {
  test('rejects an etcd that is too old', async () => {
    const [server] = (await fakes({ version: '3.3.27' })) as [FakeEtcd];
    const error = await failure(startStore({ endpoints: server.url }));
    expect(isGantryError(error, 'UNSUPPORTED')).toBe(true);
    expect(String(error)).toContain('3.3.27');
  });

  test.each(['3.4.0', '3.5.16', '3.10.1', '4.0.0'])('takes etcd %s', async (version) => {
    await storeOn(await fakes({ version }));
  });

  test('accepts an etcd that reveals its version only to root', async () => {
    await storeOn(
      await fakes({ version: new Refusal(status.PERMISSION_DENIED, 'etcdserver: permission denied') }),
    );
  });

  test('fails in time, naming every server and its reason', async () => {
    const [server] = (await fakes({ range: () => noLeader })) as [FakeEtcd];
    const store = makeStore({ endpoints: [server.url, 'http://127.0.0.1:1'], timeoutMs: 5000 });
    made.push(store);
    const error = await failure(store.start(new AbortController().signal));
    expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
    expect(String(error)).toContain(`${server.url.slice(7)}: etcdserver: no leader`);
    expect(String(error)).toContain('127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1');
  });

  test('ends with its signal', async () => {
    const store = makeStore({ endpoints: 'http://127.0.0.1:1', timeoutMs: 60_000 });
    made.push(store);
    const abort = new AbortController();
    const started = failure(store.start(abort.signal));
    abort.abort();
    expect(isGantryError(await started, 'ABORTED')).toBe(true);
  });
});

describe('a write', () => {
  test('is a TIMEOUT and sent to no other server if it may have been done', async () => {
    const servers = await fakes({ txn: () => unsure }, {});
    const store = await storeOn(servers);
    expect(isGantryError(await failure(store.commit(put)), 'TIMEOUT')).toBe(true);
    expect(servers.map(({ txns }) => txns)).toEqual([1, 0]);
  });

  test('is done once by the next server if a server has rejected it for lack of a leader', async () => {
    const servers = await fakes({ txn: () => noLeader }, {});
    const store = await storeOn(servers);
    expect(await store.commit(put)).toEqual([{ ok: true, revision: 11 }]);
    await store.commit(put);
    expect(servers.map(({ txns }) => txns)).toEqual([1, 2]);
  });

  test('is UNAVAILABLE if all servers reject it, and none is asked twice', async () => {
    const servers = await fakes({ txn: () => noLeader }, { txn: () => noLeader });
    const store = await storeOn(servers);
    expect(isGantryError(await failure(store.commit(put)), 'UNAVAILABLE')).toBe(true);
    expect(servers.map(({ txns }) => txns)).toEqual([1, 1]);
  });

  test('is a TIMEOUT if it is not answered in time', async () => {
    const servers = await fakes({ txn: () => undefined });
    const store = await storeOn(servers, { timeoutMs: 200 });
    expect(isGantryError(await failure(store.commit(put)), 'TIMEOUT')).toBe(true);
    expect(servers[0]?.txns).toBe(1);
  });

  test('is ABORTED if its signal fires in the meantime', async () => {
    const abort = new AbortController();
    const servers = await fakes({
      txn: () => {
        abort.abort();
        return undefined;
      },
    });
    const store = await storeOn(servers, { timeoutMs: 60_000 });
    expect(isGantryError(await failure(store.commit(put, { signal: abort.signal })), 'ABORTED')).toBe(true);
  });

  test('is waited for by dispose, unlike a read', async () => {
    let answered = 0;
    const servers = await fakes({
      txn: () => {
        answered++;
        return undefined;
      },
    });
    const store = await storeOn(servers, { timeoutMs: 300 });
    const written = failure(store.commit(put));
    await expect.poll(() => answered).toBe(1);
    await store[Symbol.asyncDispose]();
    expect(isGantryError(await written, 'TIMEOUT')).toBe(true);
  });

  test.each([
    [
      'no space',
      new Refusal(status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'),
      'EXHAUSTED',
    ],
    ['no permission', new Refusal(status.PERMISSION_DENIED, 'etcdserver: permission denied'), 'FORBIDDEN'],
    ['no user', new Refusal(status.INVALID_ARGUMENT, 'etcdserver: user name is empty'), 'UNAUTHENTICATED'],
    [
      'too many requests',
      new Refusal(status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests'),
      'UNAVAILABLE',
    ],
  ] as const)('is rejected and sent to no other server in case of %s', async (_, refusal, code) => {
    const servers = await fakes({ txn: () => refusal }, {});
    const store = await storeOn(servers);
    expect(isGantryError(await failure(store.commit(put)), code)).toBe(true);
    expect(servers.map(({ txns }) => txns)).toEqual([1, 0]);
  });
});

describe('a commit of several transactions', () => {
  test.each([
    ['UNAVAILABLE is reported as TIMEOUT, since a part is written', noLeader, 'TIMEOUT'],
    ['FENCED stays FENCED', { succeeded: false }, 'FENCED'],
    ['EXHAUSTED stays EXHAUSTED', new Refusal(8, 'etcdserver: mvcc: database space exceeded'), 'EXHAUSTED'],
  ] as const)('where a later one is %s', async (_, later, code) => {
    const servers = await fakes({ txn: (_, asked) => (asked === 2 ? later : {}) });
    const store = await storeOn(servers);
    const error = await failure(store.commit(many, { fence: { key: 'leader', revision: 5 } }));
    expect(isGantryError(error, code), String(error)).toBe(true);
    expect(error).toMatchObject({ details: { done: 100 } });
    expect(servers[0]?.txns).toBe(2);
  });

  test('has its fence in each, which goes along where the commit itself writes its key', async () => {
    const fences: unknown[] = [];
    const servers = await fakes({
      txn: ({ compare }) => {
        fences.push(compare[0]?.modRevision ?? 0);
        return {};
      },
    });
    const store = await storeOn(servers);
    const changes = [{ key: 'leader', value: 1 }, ...many];
    await store.commit(changes, { fence: { key: 'leader', revision: 5 } });
    expect(fences).toEqual([5, 11, 11]);
  });

  test('checks its fence even without changes', async () => {
    const store = await storeOn(await fakes({ txn: () => ({ succeeded: false }) }));
    const error = await failure(store.commit([], { fence: { key: 'leader', revision: 5 } }));
    expect(isGantryError(error, 'FENCED')).toBe(true);
    expect(await store.commit([])).toEqual([]);
  });
});

describe('a read', () => {
  test('moves on to the next server, and so do later ones', async () => {
    const asked = [0, 0];
    const count = (index: number) => (_: unknown, questions: number) => {
      asked[index] = questions;
      return index === 0 && questions > 1 ? unsure : {};
    };
    const store = await storeOn(await fakes({ range: count(0) }, { range: count(1) }));
    await store.get('a');
    await store.get('a');
    expect(asked).toEqual([2, 2]);
  });

  test('fails with the reasons of all servers', async () => {
    let started = false;
    const range = () => (started ? unsure : {});
    const servers = await fakes({ range }, { range });
    const store = await storeOn(servers);
    started = true;
    const error = await failure(store.get('a'));
    expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
    for (const { url } of servers)
      expect(String(error)).toContain(`${url.slice(7)}: etcdserver: leader changed`);
  });
});

describe('a watch', () => {
  const event = (key: string, modRevision: number) => ({
    kv: { key: Buffer.from(`/gantry/${key}`), value: Buffer.from('1'), modRevision },
  });

  async function read(store: EtcdStore, since: number, count: number): Promise<StoreEvent[]> {
    const events: StoreEvent[] = [];
    const { signal } = new AbortController();
    for await (const batch of store.watch('', { since, signal })) {
      events.push(...batch);
      if (events.length >= count) break;
    }
    return events;
  }

  test('resumes at the last event when its stream breaks, and delivers nothing twice', async () => {
    const starts: number[] = [];
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { startRevision, watchId } = request.createRequest;
        starts.push(startRevision);
        stream.write({ header: { revision: 9 }, watchId, created: true });
        // The second stream repeats delivered events, as etcd should not.
        stream.write({ header: { revision: 9 }, watchId, events: [event('a', 6), event('b', 7)] });
        if (starts.length === 1) stream.emit('error', { code: unsure.code, details: unsure.message });
        else stream.write({ header: { revision: 9 }, watchId, events: [event('c', 9)] });
      },
    });
    const events = await read(await storeOn(servers), 5, 3);
    expect(events.map(({ key, revision }) => [key, revision])).toEqual([
      ['a', 6],
      ['b', 7],
      ['c', 9],
    ]);
    expect(starts).toEqual([5, 7]);
  });

  test('resumes at the progress reported by etcd if it is quiet', async () => {
    const starts: number[] = [];
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { startRevision, watchId } = request.createRequest;
        starts.push(startRevision);
        stream.write({ header: { revision: 50 }, watchId, created: true });
        if (starts.length === 1) {
          stream.write({ header: { revision: 50 }, watchId });
          stream.emit('error', { code: unsure.code, details: unsure.message });
        } else stream.write({ header: { revision: 60 }, watchId, events: [event('a', 60)] });
      },
    });
    await read(await storeOn(servers), 5, 1);
    expect(starts).toEqual([5, 50]);
  });

  test('is requested again if etcd ends it for a reason of its own, or does not answer', async () => {
    let streams = 0;
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { watchId } = request.createRequest;
        streams++;
        if (streams === 1) return;
        stream.write({ header: { revision: 5 }, watchId, created: true });
        if (streams === 2)
          stream.write({ header: { revision: 5 }, watchId, canceled: true, cancelReason: 'mood' });
        else stream.write({ header: { revision: 6 }, watchId, events: [event('a', 6)] });
      },
    });
    await read(await storeOn(servers, { timeoutMs: 200 }), 5, 1);
    expect(streams).toBe(3);
  });

  test('is COMPACTED if its events are gone, and the other watches of its stream continue', async () => {
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { startRevision, watchId } = request.createRequest;
        stream.write({ header: { revision: 9 }, watchId, created: true });
        const gone = { header: { revision: 9 }, watchId, canceled: true, compactRevision: 7 };
        if (startRevision < 7) stream.write(gone);
        else stream.write({ header: { revision: 9 }, watchId, events: [event('a', 9)] });
      },
    });
    const store = await storeOn(servers);
    const [old, young] = await Promise.all([failure(read(store, 2, 1)), read(store, 8, 1)]);
    expect(isGantryError(old, 'COMPACTED')).toBe(true);
    expect(old).toMatchObject({ details: { since: 2, oldest: 7 } });
    expect(young).toHaveLength(1);
  });

  test('is FORBIDDEN if it is not permitted', async () => {
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        stream.write({
          header: { revision: 9 },
          created: true,
          canceled: true,
          watchId: -1,
          cancelReason: 'etcdserver: permission denied',
        });
      },
    });
    expect(isGantryError(await failure(read(await storeOn(servers), 2, 1)), 'FORBIDDEN')).toBe(true);
  });

  test('is requested again with a new token if the user lacks the permission, and is then FORBIDDEN', async () => {
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { watchId } = request.createRequest;
        const refused = { canceled: true, cancelReason: 'etcdserver: permission denied' };
        const secret = request.createRequest.key.toString().endsWith('secret');
        stream.write({ header: { revision: 9 }, watchId, created: true, ...(secret && refused) });
        if (!secret) stream.write({ header: { revision: 9 }, watchId, events: [event('a', 9)] });
      },
    });
    const store = await storeOn(servers, { user: 'gantry', password: 'secret' });
    const { signal } = new AbortController();
    const secret = (async () => {
      for await (const _ of store.watch('secret', { since: 2, signal }));
    })();
    const [error, events] = await Promise.all([failure(secret), read(store, 2, 1)]);
    expect(isGantryError(error, 'FORBIDDEN')).toBe(true);
    expect(events).toHaveLength(1);
    expect(servers[0]?.tokens).toBe(2);
  });

  test('meets a value that is not JSON with an error that names its key', async () => {
    const servers = await fakes({
      watch: (request, stream) => {
        if (!('createRequest' in request)) return;
        const { watchId } = request.createRequest;
        stream.write({ header: { revision: 9 }, watchId, created: true });
        const kv = { key: Buffer.from('/gantry/x'), value: Buffer.from('?'), modRevision: 9 };
        stream.write({ header: { revision: 9 }, watchId, events: [{ kv }] });
      },
    });
    const error = await failure(read(await storeOn(servers), 2, 1));
    expect(isGantryError(error, 'INVALID_OBJECT')).toBe(true);
    expect(String(error)).toContain('"x"');
  });
});
