import { contracts, isGantryError } from '@gantry/core';
import { toConnection } from '@gantry/nats';
import { nkeys } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { type NatsBusOptions, natsBus } from '../src/index.ts';
import { optionsSchema } from '../src/options.ts';

const SECRET = 'pa55-w0rd';
const seed = new TextDecoder().decode(nkeys.createUser().getSeed());

const settings = (options: NatsBusOptions) => toConnection(optionsSchema.parse(options));

describe('the options of bus-nats', () => {
  test('may all be left out', () => {
    expect(natsBus()).toMatchObject({ name: 'bus-nats', provides: contracts.bus });
    expect(settings({})).toEqual({
      servers: [{ host: '127.0.0.1', port: 4222 }],
      secure: false,
      inboxPrefix: '_INBOX',
      credentials: undefined,
      tls: {},
      name: 'gantry',
      connectTimeoutMs: 10_000,
    });
  });

  test('take servers as urls, with the usual port', () => {
    const parsed = settings({ servers: ['nats://a', 'tls://b.example:5222/', 'nats://[::1]:80'] });
    expect(parsed.servers).toEqual([
      { host: 'a', port: 4222 },
      { host: 'b.example', port: 5222 },
      { host: '::1', port: 80 },
    ]);
    expect(parsed.secure).toBe(true);
    expect(settings({ servers: 'nats://a', tls: {} }).secure).toBe(true);
  });

  test('take credentials out of urls', () => {
    const credentials = (servers: string | string[]) => settings({ servers }).credentials;
    expect(credentials(`nats://${SECRET}@a`)).toEqual({ kind: 'token', token: SECRET });
    const userinfo = { kind: 'password', user: 'u', password: 'p@:/' };
    expect(credentials(['nats://u:p%40%3A%2F@a', 'nats://u:p%40%3A%2F@b'])).toEqual(userinfo);
  });

  test.each<[string, NatsBusOptions, string]>([
    ['no url', { servers: `http://u:${SECRET}@a` }, 'servers'],
    ['a broken url', { servers: [`nats://u:${SECRET}@a:port`] }, 'servers[0]'],
    ['a url with a path', { servers: 'nats://a/b' }, 'servers'],
    ['a url with a password and no user', { servers: `nats://:${SECRET}@a` }, 'servers'],
    ['no servers', { servers: [] }, 'servers'],
    ['different users', { servers: [`nats://u:${SECRET}@a`, 'nats://b'] }, 'servers'],
    ['a password without a user', { password: SECRET }, 'user'],
    ['a user without a password', { user: 'u' }, 'password'],
    ['two kinds of credentials', { token: SECRET, nkeySeed: seed }, ''],
    ['credentials beside those of the url', { servers: `nats://${SECRET}@a`, credsFile: 'a.creds' }, ''],
    ['user and password beside a token', { user: 'u', password: SECRET, token: SECRET }, ''],
    ['no seed', { nkeySeed: SECRET }, 'nkeySeed'],
    ['a seed of another kind', { nkeySeed: seed.replace(/^SU/, 'SA') }, 'nkeySeed'],
    ['a certificate without its key', { tls: { cert: 'a.pem' } }, 'tls.key'],
    ['a key without its certificate', { tls: { key: 'a.pem' } }, 'tls.cert'],
    ['an option it does not have', { tls: { insecure: true } } as NatsBusOptions, 'tls'],
  ])('reject %s: INVALID_OPTIONS with the path, without secrets', (_, options, path) => {
    let error: unknown;
    try {
      natsBus(options);
    } catch (caught) {
      error = caught;
    }
    if (!isGantryError(error, 'INVALID_OPTIONS')) throw new Error(String(error));
    expect(error.issues.map((issue) => issue.path)).toContain(path);
    const told = `${error.message}${JSON.stringify([error.issues, error.details])}`;
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain(seed);
  });
});
