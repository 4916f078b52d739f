import { writeFile } from 'node:fs/promises';
import { isGantryError } from '@gantry/core';
import type { StoreEvent } from '@gantry/core/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EtcdServer, startEtcd } from '../../../tests/support/etcd-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import type { EtcdStore, EtcdStoreOptions } from '../src/index.ts';
import { demandLogin } from './support/accounts.ts';
import { Authority, type Certificate } from './support/certificates.ts';
import { startStore } from './support/etcd.ts';
import { SecureEtcd } from './support/secure-etcd.ts';

const stores: EtcdStore[] = [];
const PASSWORD = 's3cret-of-gantry';

async function open(options: EtcdStoreOptions): Promise<EtcdStore> {
  const store = await startStore({ timeoutMs: 3000, ...options });
  stores.push(store);
  return store;
}

async function refused(options: EtcdStoreOptions): Promise<unknown> {
  return await open({ timeoutMs: 1000, ...options }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function putAndGet(store: EtcdStore, value: number): Promise<void> {
  await store.commit([{ key: 'tasks/a', value }]);
  expect((await store.get('tasks/a'))?.value).toBe(value);
}

function follow(store: EtcdStore): StoreEvent[] {
  const events: StoreEvent[] = [];
  const { signal } = new AbortController();
  void (async () => {
    for await (const batch of store.watch('tasks/', { since: 0, signal })) events.push(...batch);
  })();
  return events;
}

describeWith('etcd', 'store-etcd and who may use it', () => {
  let authority: Authority;
  let server: Certificate;
  beforeAll(async () => {
    authority = await Authority.make();
    server = await authority.sign('server', ['IP:127.0.0.1', 'DNS:etcd.test']);
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
  });
  afterAll(() => authority[Symbol.asyncDispose]());

  describe('over TLS', () => {
    let etcd: SecureEtcd;
    beforeAll(async () => {
      etcd = await SecureEtcd.start(server);
    });
    afterAll(() => etcd[Symbol.asyncDispose]());

    test('it reads, writes and watches', async () => {
      const store = await open({ endpoints: etcd.url, tls: { ca: authority.cert } });
      const events = follow(store);
      await putAndGet(store, 1);
      await vi.waitFor(() => expect(events).toHaveLength(1), 5000);
    });

    test('it takes the name that the certificate has', async () => {
      const tls = { ca: authority.cert, serverName: 'etcd.test' };
      await putAndGet(await open({ endpoints: etcd.url, tls }), 2);
      const error = await refused({ endpoints: etcd.url, tls: { ...tls, serverName: 'other.test' } });
      expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
      expect(String(error)).toContain('other.test');
    });

    test('a server whose authority it does not know is UNAVAILABLE, with the reason', async () => {
      const error = await refused({ endpoints: etcd.url });
      expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
      expect(String(error)).toMatch(/certificate/);
    });

    test('files that cannot be read are INVALID_OPTIONS', async () => {
      const error = await refused({ endpoints: etcd.url, tls: { ca: '/none/ca.pem' } });
      expect(isGantryError(error, 'INVALID_OPTIONS')).toBe(true);
      expect(String(error)).toContain('/none/ca.pem');
    });
  });

  describe('with client certificates', () => {
    let etcd: SecureEtcd;
    beforeAll(async () => {
      etcd = await SecureEtcd.start(server, ['--client-cert-auth', '--trusted-ca-file', authority.cert]);
      await demandLogin(etcd.plainUrl, { gantry: PASSWORD });
    });
    afterAll(() => etcd[Symbol.asyncDispose]());

    test('the name in the certificate is the user', async () => {
      const tls = { ca: authority.cert, ...(await authority.sign('gantry')) };
      await putAndGet(await open({ endpoints: etcd.url, tls }), 1);
      const error = await refused({ endpoints: etcd.url, tls, prefix: '/other/' });
      expect(isGantryError(error, 'FORBIDDEN')).toBe(true);
    });

    test('rejects a connection without a certificate', async () => {
      const error = await refused({ endpoints: etcd.url, tls: { ca: authority.cert } });
      expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
    });

    test('new files are taken up at the next connection', async () => {
      const { cert, key } = await authority.sign('gantry');
      const tls = { ca: authority.cert, cert, key };
      const store = await open({ endpoints: etcd.url, tls });
      await authority.sign('gantry'); // writes the same files again
      await etcd.daemon.restart();
      await vi.waitFor(() => putAndGet(store, 3), 10_000);
      await writeFile(cert, 'half-writt');
      await etcd.daemon.restart();
      await vi.waitFor(() => putAndGet(store, 4), 10_000);
    });
  });

  describe('with user and password', () => {
    const login = { user: 'gantry', password: PASSWORD };
    let etcd: EtcdServer;
    let url: string;
    beforeAll(async () => {
      etcd = await startEtcd(1);
      url = etcd.urls[0] as string;
      await putAndGet(await open({ endpoints: url, ...login }), 0); // etcd does not authenticate yet
      await demandLogin(url, { gantry: PASSWORD });
    });
    afterAll(() => etcd[Symbol.asyncDispose]());

    test('it reads, writes and watches', async () => {
      const store = await open({ endpoints: url, ...login });
      const events = follow(store);
      await putAndGet(store, 1);
      await vi.waitFor(() => expect(events.at(-1)?.value).toBe(1), 5000);
    });

    test('a wrong or missing password is UNAUTHENTICATED and not revealed', async () => {
      const wrong = await refused({ endpoints: url, user: 'gantry', password: 'wr0ng' });
      expect(isGantryError(wrong, 'UNAUTHENTICATED'), String(wrong)).toBe(true);
      expect(JSON.stringify([String(wrong), (wrong as Error).stack, wrong])).not.toContain('wr0ng');
      expect(isGantryError(await refused({ endpoints: url }), 'UNAUTHENTICATED')).toBe(true);
    });

    test('keys that the user may not read are FORBIDDEN from the start, and open to root', async () => {
      expect(isGantryError(await refused({ endpoints: url, ...login, prefix: '/other/' }), 'FORBIDDEN')).toBe(
        true,
      );
      const root = { user: 'root', password: 'root' };
      const store = await open({ endpoints: url, ...root, prefix: '/other/' });
      await putAndGet(store, 1);
    });

    test('a server that has forgotten its tokens is asked for a new one, also for a watch', async () => {
      const store = await open({ endpoints: url, ...login });
      await putAndGet(store, 1);
      const events = follow(store);
      await vi.waitFor(() => expect(events.at(-1)?.value).toBe(1), 5000);
      await etcd.daemons[0]?.restart();
      await vi.waitFor(() => putAndGet(store, 2), 10_000);
      await vi.waitFor(() => expect(events.at(-1)?.value).toBe(2), 10_000);
      await Promise.all(Array.from({ length: 20 }, (_, index) => store.get(`tasks/${index}`)));
    });
  });

  test('a token that has expired is renewed under way, also that of an open watch stream', async () => {
    const { publicKey, privateKey } = await authority.signingKeys();
    const token = `jwt,pub-key=${publicKey},priv-key=${privateKey},sign-method=RS256,ttl=1s`;
    await using etcd = await startEtcd(1, ['--auth-token', token]);
    const [url] = etcd.urls as [string];
    await demandLogin(url, { gantry: PASSWORD });
    const store = await open({ endpoints: url, user: 'gantry', password: PASSWORD });
    const first = follow(store);
    await putAndGet(store, 1);
    await vi.waitFor(() => expect(first).toHaveLength(1), 5000);
    const start = performance.now();
    while (performance.now() - start < 2500) await putAndGet(store, 2);
    const second = follow(store);
    await putAndGet(store, 3);
    await vi.waitFor(() => expect(first.at(-1)?.value).toBe(3), 5000);
    await vi.waitFor(() => expect(second.at(-1)?.value).toBe(3), 5000);
  });
});
