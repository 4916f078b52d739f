import { readFileSync } from 'node:fs';
import { GantryError } from '@gantry/core';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';

/** How a plugin authenticates to the server. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'nkey'; readonly seed: string }
  | { readonly kind: 'file'; readonly path: string };

/**
 * Returns the authenticator of a connection. A file is reread at every connect, so that new credentials are used; if it
 * cannot be used at that time, the previous credentials remain in use.
 *
 * @throws `INVALID_OPTIONS` if the file cannot be used.
 */
export function authenticatorOf(credentials: Credentials, plugin: string): Authenticator {
  switch (credentials.kind) {
    case 'token':
      return tokenAuthenticator(credentials.token);
    case 'password':
      return usernamePasswordAuthenticator(credentials.user, credentials.password);
    case 'nkey':
      return nkeyAuthenticator(new TextEncoder().encode(credentials.seed));
    case 'file':
      return fileAuthenticator(credentials.path, plugin);
  }
}

/** @throws `INVALID_OPTIONS` naming the option if the file cannot be read. */
export function readOptionFile(plugin: string, option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw unusable(plugin, option, path, `cannot be read: ${reason}`);
  }
}

function fileAuthenticator(path: string, plugin: string): Authenticator {
  const read = (): Authenticator => {
    const authenticator = credsAuthenticator(readOptionFile(plugin, 'credsFile', path));
    try {
      authenticator(''); // takes the file apart
    } catch {
      throw unusable(plugin, 'credsFile', path, 'has no JWT and seed of a user');
    }
    return authenticator;
  };
  let last = read();
  return (nonce) => {
    try {
      last = read();
    } catch {
      // half-written or gone: an error here would end the connection for good
    }
    return last(nonce);
  };
}

function unusable(plugin: string, option: string, path: string, what: string): GantryError {
  const message = `the file "${path}" ${what}`;
  return new GantryError('INVALID_OPTIONS', `${plugin}: ${option}: ${message}`, {
    details: { plugin },
    issues: [{ path: option, message }],
  });
}
