import { contract, type Lifecycle } from '@gantry/core';

/** Where the API is served. */
export interface ApiEndpoint extends Lifecycle {
  /** `https://127.0.0.1:7400`, or `unix:/run/gantry.sock`; known once it has started. */
  readonly url: string;
  /** What the server shows, if it speaks TLS: a client that is given `cert` as its CA trusts it. */
  readonly tls?: { readonly cert: string; readonly fingerprint: string } | undefined;
}

/** The contract of {@link ApiEndpoint}: needed by who wants to know where the API is. */
export const apiEndpoint = contract<ApiEndpoint>('api-endpoint');
