import type { CallOptions } from '@gantry/core/api';
import type { Transport } from './http/transport.ts';

/**
 * A permission of a token: `viewer` reads, `operator` also changes workloads, `admin` also changes nodes and tokens.
 */
export interface TokenGrant {
  readonly role: 'viewer' | 'operator' | 'admin';
  /** `*`: all of them, and objects that are not namespaced. */
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
  /** Absent: it never expires. */
  readonly expiresInMs?: number | undefined;
}

/** A question about the client's own token. */
export interface AccessRequest {
  /** `get`, `list`, `watch`, `create`, `apply`, `patch`, `delete`, `logs`, `exec`, `scale` … */
  readonly verb: string;
  /** A kind of object, or `token`, `server`, `state`, `metrics`. */
  readonly kind: string;
  /** Default: every namespace. */
  readonly namespace?: string | undefined;
}

export interface AccessDecision {
  readonly token: Pick<AccessToken, 'id' | 'name' | 'grants' | 'expiresAt'>;
  readonly allowed: boolean;
  /** The required grant; absent if every token is allowed. */
  readonly required?: TokenGrant | undefined;
}

export interface AccessRules {
  readonly token: AccessDecision['token'];
  readonly rules: readonly {
    readonly verb: string;
    readonly kind: string;
    /** `*`: all of them, and objects that are not namespaced. */
    readonly namespaces: readonly string[];
  }[];
}

/**
 * The access tokens of the cluster's API, for its admins. Everyone may query the permissions of the client's own token.
 */
export class AccessTokens {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list({ signal }: CallOptions = {}): Promise<readonly AccessToken[]> {
    const { body } = await this.#transport.call({ method: 'GET', path: '/v1/tokens', signal });
    return (body as { readonly items: readonly AccessToken[] }).items;
  }

  /** Creates a token. Only this response contains the secret, `token`. */
  async create(
    token: NewToken,
    { signal }: CallOptions = {},
  ): Promise<AccessToken & { readonly token: string }> {
    const { body } = await this.#transport.call({ method: 'POST', path: '/v1/tokens', body: token, signal });
    return body as AccessToken & { readonly token: string };
  }

  /**
   * Returns whether the client's own token permits a verb on a kind.
   *
   * @throws `INVALID_OBJECT` for an unknown verb or kind, with the known ones
   */
  async mayI(
    { verb, kind, namespace }: AccessRequest,
    { signal }: CallOptions = {},
  ): Promise<AccessDecision> {
    const query = { verb, kind, namespace };
    const { body } = await this.#transport.call({ method: 'GET', path: '/v1/access', query, signal });
    return body as AccessDecision;
  }

  /** Returns everything that the client's own token permits. */
  async rules({ signal }: CallOptions = {}): Promise<AccessRules> {
    const { body } = await this.#transport.call({ method: 'GET', path: '/v1/access', signal });
    return body as AccessRules;
  }

  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#transport.call({ method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}`, signal });
  }
}
