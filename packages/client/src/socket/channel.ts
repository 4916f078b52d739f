/** The subprotocol of exec and dial. */
export const SUBPROTOCOL = 'gantry.v1';

/** A WebSocket, as the platform has it, with back-pressure as far as the platform allows it. */
export interface Channel {
  /** Resolves once more may be sent. */
  send(data: Uint8Array | string): Promise<void>;
  /**
   * What the other side sends, until it closes.
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

/** Opens one. A refusal of the server rejects with its error, if the platform shows it, or with `UNAVAILABLE`. */
export type OpenChannel = (request: ChannelRequest) => Promise<Channel>;
