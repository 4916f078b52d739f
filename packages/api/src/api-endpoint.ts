import { contract, type Lifecycle } from '@gantry/core';

/** The endpoint at which the API is served. */
export interface ApiEndpoint extends Lifecycle {
  /** URL such as `https://127.0.0.1:7400` or `unix:/run/gantry.sock`; available once the server has started. */
  readonly url: string;
  /** The server's certificate, if it serves TLS. A client that is given `cert` as its CA trusts the server. */
  readonly tls?: { readonly cert: string; readonly fingerprint: string } | undefined;
}

/** The contract of {@link ApiEndpoint}, for plugins that need the address of the API. */
export const apiEndpoint = contract<ApiEndpoint>('api-endpoint');
