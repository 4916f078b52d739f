import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A server's configuration in operator mode, and the credentials of users it knows, as `nsc` would write them. */
export class Operator {
  readonly #operator = nkeys.createOperator();
  readonly #system = nkeys.createAccount();
  readonly #account = nkeys.createAccount();

  get config(): string {
    const { operator, system, account } = {
      operator: this.#operator,
      system: this.#system,
      account: this.#account,
    };
    const unlimited = {
      subs: -1,
      data: -1,
      payload: -1,
      imports: -1,
      exports: -1,
      wildcards: true,
      conn: -1,
      leaf: -1,
    };
    const accountJwt = (pair: KeyPair): string =>
      sign(operator, pair.getPublicKey(), { type: 'account', version: 2, limits: unlimited });
    return [
      `operator: ${sign(operator, operator.getPublicKey(), { type: 'operator', version: 2 })}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      ...[system, account].map((pair) => `  ${pair.getPublicKey()}: ${accountJwt(pair)}`),
      '}',
    ].join('\n');
  }

  /** The content of a new user's credentials file. */
  user(): string {
    const user = nkeys.createUser();
    const limits = { subs: -1, data: -1, payload: -1 };
    const jwt = sign(this.#account, user.getPublicKey(), { type: 'user', version: 2, ...limits });
    const seed = new TextDecoder().decode(user.getSeed());
    return [
      '-----BEGIN NATS USER JWT-----',
      jwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seed,
      '------END USER NKEY SEED------',
      '',
    ].join('\n');
  }
}

function sign(issuer: KeyPair, sub: string, nats: object): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iat, iss: issuer.getPublicKey(), name: 'bus-nats', sub, nats };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex').toUpperCase();
  const text = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { jti, ...claims },
  ]
    .map(base64)
    .join('.');
  const signature = issuer.sign(new TextEncoder().encode(text));
  return `${text}.${Buffer.from(signature).toString('base64url')}`;
}

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
