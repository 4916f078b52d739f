/** Bounds of the streams of one node. */
export interface StreamLimits {
  /** Bytes of input that may wait for a task that does not read them, per stream. Default: 256 KiB. */
  readonly windowBytes: number;
  /** Logs, execs and connections that are open at a time. Default: 1000. */
  readonly maxStreams: number;
}

export const STREAM_LIMITS: StreamLimits = Object.freeze({ windowBytes: 256 * 1024, maxStreams: 1000 });
