import type { Clock, Random } from '@gantry/core';

export interface ConnectOptions {
  /** Of the server: `https://cluster.example:7400`; of several servers of one cluster, the next is used if one fails. */
  readonly url: string | readonly string[];
  /** An access token, `gantry_…`. */
  readonly token?: string | undefined;
  /** How long a call may take, ms; streams may take as long as they like. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** How often what can safely be asked again is asked again. Default 3. */
  readonly retries?: number | undefined;
  /** A stream that brings nothing, not even a sign of life, for so long is taken for lost, ms. Default 35,000. */
  readonly silenceMs?: number | undefined;
  /** In place of the platform's. */
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}
