/** The subprotocol of exec and dial. */
export const SUBPROTOCOL = 'gantry.v1';

/** A WebSocket of the platform, with backpressure as far as the platform supports it. */
export interface Channel {
  /** Resolves once more may be sent. */
  send(data: Uint8Array | string): Promise<void>;
  /**
   * Messages of the other side, until it closes.
   *
   * @throws `UNAVAILABLE` when the connection is lost.
   */
  messages(): AsyncIterable<Uint8Array | string>;
  close(): void;
}

export interface ChannelRequest {
  /** `/v1/…` with its query. */
  readonly path: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Opens a channel. If the server rejects it, the promise rejects with the server's error, if the platform shows it, or
 * with `UNAVAILABLE`.
 */
export type OpenChannel = (request: ChannelRequest) => Promise<Channel>;
