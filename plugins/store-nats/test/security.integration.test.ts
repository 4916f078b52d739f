import { contracts } from '@gantry/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateFiles, certificateFiles } from '../../../tests/support/certificate.ts';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { natsStore } from '../src/index.ts';
import type { NatsStoreOptions } from '../src/options.ts';
import { startStore } from './support/fixtures.ts';

const USER = { user: 'gantry', password: 'pa55-w0rd-never-shown' };

describeWith('nats', 'store-nats', () => {
  describe('a server with TLS that wants user and password', () => {
    let files: CertificateFiles;
    let server: NatsServer;
    let options: NatsStoreOptions;
    beforeAll(async () => {
      files = await certificateFiles(['localhost'], ['127.0.0.1']);
      const tls = ['--tls', '--tlscert', files.cert, '--tlskey', files.key];
      server = await startNats([...tls, '--user', USER.user, '--pass', USER.password]);
      options = { servers: server.url, tls: { ca: files.cert } };
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    });

    test('takes the right ones, also after it was started again', async () => {
      await using store = await startStore({ ...options, ...USER });
      const [before] = await store.commit([{ key: 'a', value: 1 }]);
      expect(before?.ok).toBe(true);
      await server.daemon.restart();
      await expect.poll(() => written(store), { timeout: 20_000 }).toBe(true);
      expect((await store.get('a'))?.value).toBe(2);
    });

    test('rejects a wrong password: UNAUTHENTICATED immediately, without revealing the password', async () => {
      const refusal = await failure({ ...options, user: USER.user, password: `${USER.password}-wrong` });
      expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(String(refusal.stack) + JSON.stringify(refusal)).not.toContain(USER.password);
    });

    test('is not trusted without its CA: UNAVAILABLE with the reason', async () => {
      const refusal = await failure({ servers: server.url.replace('nats:', 'tls:'), ...USER });
      expect(refusal).toMatchObject({ code: 'UNAVAILABLE' });
      expect(refusal.message).toMatch(/^store-nats: .*self.signed certificate/);
    });
  });

  test('a file of the options that is missing is INVALID_OPTIONS with its path', async () => {
    const absent = await failure({ credsFile: '/nowhere/user.creds' });
    expect(absent).toMatchObject({ code: 'INVALID_OPTIONS', issues: [{ path: 'credsFile' }] });
    expect(absent.message).toBe(
      'store-nats: credsFile: the file "/nowhere/user.creds" cannot be read: ENOENT',
    );
  });

  test('the plugin rejects contradictory options before anything is built', () => {
    expect(natsStore().provides).toBe(contracts.store);
    expect(() => natsStore({ token: 'a', credsFile: 'b' })).toThrow(/one kind of credentials/);
  });
});

async function written(store: Awaited<ReturnType<typeof startStore>>): Promise<boolean> {
  try {
    const [outcome] = await store.commit([{ key: 'a', value: 2 }]);
    return outcome?.ok === true;
  } catch {
    return false; // not back yet
  }
}

async function failure(options: NatsStoreOptions): Promise<Error> {
  try {
    await using store = await startStore(options);
    throw new Error(`it started, with ${JSON.stringify(store.supports)}`);
  } catch (error) {
    return error as Error;
  }
}
