import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GantryError, isGantryError } from '@gantry/core';
import { nkeys } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type CertificateFiles, certificateFiles } from '../../../tests/support/certificate.ts';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import type { NatsBusOptions } from '../src/index.ts';
import { makeBus } from './support/make-bus.ts';
import { Operator } from './support/operator.ts';

const SECRET = 'pa55-w0rd-never-shown';

describeWith('nats', 'bus-nats', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-bus-nats-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const written = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };

  describe('a server that wants a token', () => {
    const url = serve(['--auth', SECRET]);

    test('takes the right one, as an option or in the url', async () => {
      await connects({ servers: url(), token: SECRET });
      await connects({ servers: url(`${SECRET}@`) });
    });

    test('rejects a wrong or missing token: UNAUTHENTICATED immediately, without revealing the token', async () => {
      await refused({ servers: url(), token: `${SECRET}-wrong` });
      await refused({ servers: url() });
    });
  });

  describe('a server that wants user and password', () => {
    const url = serve(['--user', 'gantry', '--pass', `${SECRET}@:/`]);

    test('takes the right ones, as options or in the url', async () => {
      await connects({ servers: url(), user: 'gantry', password: `${SECRET}@:/` });
      await connects({ servers: url(`gantry:${encodeURIComponent(`${SECRET}@:/`)}@`) });
    });

    test('rejects a wrong password: UNAUTHENTICATED immediately, without revealing the password', async () => {
      await refused({ servers: url(), user: 'gantry', password: SECRET });
      await refused({ servers: url(`gantry:${SECRET}@`) });
    });

    test('reports a rejection even if other servers are unreachable', async () => {
      await refused({ servers: [url(), 'nats://127.0.0.1:1'], user: 'gantry', password: SECRET });
    });
  });

  describe('a server that wants an nkey', () => {
    const user = nkeys.createUser();
    const seedOf = (pair: typeof user): string => new TextDecoder().decode(pair.getSeed());
    const url = serve(async () => {
      const config = `authorization: { users: [ { nkey: ${user.getPublicKey()} } ] }`;
      return ['--config', await written('nkey.conf', config)];
    });

    test('accepts the right seed and rejects another one', async () => {
      await connects({ servers: url(), nkeySeed: seedOf(user) });
      const stranger = seedOf(nkeys.createUser());
      await refused({ servers: url(), nkeySeed: stranger }, stranger);
    });
  });

  describe('a server in operator mode', () => {
    const operator = new Operator();
    const url = serve(async () => ['--config', await written('operator.conf', operator.config)]);

    test('accepts a credentials file of its operator and rejects that of another one', async () => {
      await connects({ servers: url(), credsFile: await written('user.creds', operator.user()) });
      const stranger = await written('stranger.creds', new Operator().user());
      await refused({ servers: url(), credsFile: stranger });
    });

    test('a credentials file that is missing, or is none, is INVALID_OPTIONS with its path', async () => {
      const missing = join(folder, 'missing.creds');
      const absent = await failure({ servers: url(), credsFile: missing });
      expect(absent.code).toBe('INVALID_OPTIONS');
      expect(absent.message).toBe(`bus-nats: credsFile: the file "${missing}" cannot be read: ENOENT`);
      const broken = await written('broken.creds', `-----BEGIN NATS USER JWT-----\n${SECRET}\n`);
      const useless = await failure({ servers: url(), credsFile: broken });
      expect(useless.code).toBe('INVALID_OPTIONS');
      expect(useless.message).toContain(`"${broken}" has no JWT and seed`);
      expect(told(useless)).not.toContain(SECRET);
    });
  });

  describe('a server with TLS', () => {
    let files: CertificateFiles;
    let other: CertificateFiles;
    beforeAll(async () => {
      files = await certificateFiles(['localhost'], ['127.0.0.1']);
      other = await certificateFiles(['elsewhere.example'], ['127.0.0.9']);
    });
    afterAll(async () => {
      await files[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    });

    describe('without client certificates', () => {
      const url = serve(async () => ['--tls', '--tlscert', files.cert, '--tlskey', files.key]);

      test('is trusted by its CA, by name and by address', async () => {
        await connects({ servers: url().replace('nats:', 'tls:'), tls: { ca: files.cert } });
        await connects({ servers: url().replace('127.0.0.1', 'localhost'), tls: { ca: files.cert } });
      });

      test('is not trusted without, nor by another CA: UNAVAILABLE with the reason', async () => {
        for (const tls of [undefined, { ca: other.cert }]) {
          const error = await failure({ servers: url(), ...(tls && { tls }) });
          expect(error.code).toBe('UNAVAILABLE');
          expect(error.message).toMatch(/certificate/);
        }
      });

      test('a file that cannot be read is INVALID_OPTIONS', async () => {
        const error = await failure({ servers: url(), tls: { ca: join(folder, 'no.pem') } });
        expect(error.code).toBe('INVALID_OPTIONS');
        expect(error.message).toContain('tls.ca');
      });
    });

    describe('with client certificates', () => {
      const url = serve(async () => [
        ...['--tlsverify', '--tlscacert', files.cert],
        ...['--tlscert', files.cert, '--tlskey', files.key],
      ]);

      test('takes who shows one and no other', async () => {
        const tls = { ca: files.cert, cert: files.cert, key: files.key };
        await connects({ servers: url(), tls });
        for (const own of [{}, { cert: other.cert, key: other.key }]) {
          const error = await failure({ servers: url(), tls: { ca: files.cert, ...own } });
          expect(error.code).toBe('UNAVAILABLE');
          expect(error.message).toContain('certificate');
        }
      });
    });

    describe('for another name', () => {
      const url = serve(async () => ['--tls', '--tlscert', other.cert, '--tlskey', other.key]);

      test('is not trusted, by name or by address', async () => {
        for (const host of ['127.0.0.1', 'localhost']) {
          const servers = url().replace('127.0.0.1', host);
          const error = await failure({ servers, tls: { ca: other.cert } });
          expect(error.code).toBe('UNAVAILABLE');
        }
      });
    });

    describe('for its address only', () => {
      let byAddress: CertificateFiles;
      beforeAll(async () => {
        byAddress = await certificateFiles([], ['127.0.0.1']);
      });
      afterAll(() => byAddress[Symbol.asyncDispose]());
      const url = serve(async () => ['--tls', '--tlscert', byAddress.cert, '--tlskey', byAddress.key]);

      test('is trusted by its address', async () => {
        await connects({ servers: url(), tls: { ca: byAddress.cert } });
      });
    });

    describe('for a name only', () => {
      let byName: CertificateFiles;
      beforeAll(async () => {
        byName = await certificateFiles(['localhost'], []);
      });
      afterAll(() => byName[Symbol.asyncDispose]());
      const url = serve(async () => ['--tls', '--tlscert', byName.cert, '--tlskey', byName.key]);

      test('is trusted by its name and not by its address', async () => {
        await connects({ servers: url().replace('127.0.0.1', 'localhost'), tls: { ca: byName.cert } });
        expect((await failure({ servers: url(), tls: { ca: byName.cert } })).code).toBe('UNAVAILABLE');
      });
    });
  });

  describe('a server without TLS', () => {
    const url = serve([]);

    test('is not spoken to where TLS is demanded', async () => {
      const error = await failure({ servers: url().replace('nats:', 'tls:') });
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).toContain("does not support 'tls'");
    });
  });
});

/** Starts a server for the tests of a block; returns its url, with the given text before the host. */
function serve(args: readonly string[] | (() => Promise<readonly string[]>)): (userinfo?: string) => string {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats(typeof args === 'function' ? await args() : args);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  return (userinfo = '') => server.url.replace('//', `//${userinfo}`);
}

async function connects(options: NatsBusOptions): Promise<void> {
  const { bus } = makeBus(options);
  onTestFinished(() => bus[Symbol.asyncDispose]());
  await bus.start(AbortSignal.timeout(20_000));
  bus.respond('ping', async () => 'pong');
  expect(await bus.request('ping', null, { timeoutMs: 5000 })).toBe('pong');
}

async function failure(options: NatsBusOptions): Promise<GantryError> {
  const { bus, lines } = makeBus(options);
  onTestFinished(() => bus[Symbol.asyncDispose]());
  const error: unknown = await bus.start(new AbortController().signal).catch((reason: unknown) => reason);
  if (!isGantryError(error)) throw new Error(`no GantryError: ${String(error)}`);
  expect(JSON.stringify(lines)).not.toContain(SECRET);
  return error;
}

async function refused(options: NatsBusOptions, secret = SECRET): Promise<void> {
  const error = await failure(options);
  expect(error.code).toBe('UNAUTHENTICATED');
  expect(error.message).toMatch(/^bus-nats: 127\.0\.0\.1:\d+ rejects the credentials$/);
  expect(told(error)).not.toContain(secret);
}

/** Everything an error says, causes and stack included. */
function told(error: GantryError): string {
  return [String(error), error.stack, JSON.stringify(error.details), String(error.cause)].join('\n');
}
