import type { Clock, Random } from '@gantry/core';

export interface ConnectOptions {
  /**
   * URL of the server, such as `https://cluster.example:7400`, or of several servers of one cluster: the next is used
   * if one fails.
   */
  readonly url: string | readonly string[];
  /** An access token, `gantry_…`. */
  readonly token?: string | undefined;
  /** Timeout of a call, ms; streams have none. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Maximum number of retries of a call that can safely be repeated. Default 3. */
  readonly retries?: number | undefined;
  /** A stream that receives nothing, not even a heartbeat, for this long counts as lost, ms. Default 35,000. */
  readonly silenceMs?: number | undefined;
  /** Used instead of the platform's clock. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}
