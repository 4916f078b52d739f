import type { CallOptions } from '@gantry/core';
import type { Transport } from './http/transport.ts';

/** What a token allows: `viewer` reads, `operator` also changes what runs, `admin` also nodes and tokens. */
export interface TokenGrant {
  readonly role: 'viewer' | 'operator' | 'admin';
  /** `*`: all of them, and what lies outside of namespaces. */
  readonly namespace: string;
}

export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly TokenGrant[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
}

export interface NewToken {
  readonly name: string;
  readonly grants: readonly TokenGrant[];
  /** It never expires without it. */
  readonly expiresInMs?: number | undefined;
}

/** The access tokens of the cluster's API; for its admins. */
export class AccessTokens {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list({ signal }: CallOptions = {}): Promise<readonly AccessToken[]> {
    const { body } = await this.#transport.call({ method: 'GET', path: '/v1/tokens', signal });
    return (body as { readonly items: readonly AccessToken[] }).items;
  }

  /** The only answer that has the secret, `token`. */
  async create(
    token: NewToken,
    { signal }: CallOptions = {},
  ): Promise<AccessToken & { readonly token: string }> {
    const { body } = await this.#transport.call({ method: 'POST', path: '/v1/tokens', body: token, signal });
    return body as AccessToken & { readonly token: string };
  }

  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.call({ method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}`, signal });
  }
}
