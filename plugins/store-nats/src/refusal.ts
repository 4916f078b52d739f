import { type ErrorCode, GantryError } from '@gantry/core';

/** An error response of JetStream. */
export interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

/** Gantry's codes for JetStream's error numbers. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [10002, 'EXHAUSTED'], // the account's resources
  [10023, 'EXHAUSTED'], // the server's resources
  [10026, 'EXHAUSTED'], // consumers
  [10027, 'EXHAUSTED'], // streams
  [10028, 'EXHAUSTED'], // memory
  [10047, 'EXHAUSTED'], // storage
  [10077, 'EXHAUSTED'], // the bucket is full, or its disk
  [10122, 'EXHAUSTED'], // bytes of a stream
  [10039, 'UNSUPPORTED'], // the account has no JetStream
  [10054, 'UNSUPPORTED'], // messages this long
  [10074, 'UNSUPPORTED'], // replicas, without a cluster
  [10076, 'UNSUPPORTED'], // the server has no JetStream
  [10109, 'UNSUPPORTED'], // the bucket is sealed
]);
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);
const NO_MESSAGE = 10037;
const NO_STREAM = 10059;

/** Whether a write was rejected because its key has another revision. Replicated streams use a different number. */
export function isConflict({ err_code }: ApiError): boolean {
  return err_code !== undefined && WRONG_SEQUENCE.has(err_code);
}

export function isNoMessage({ err_code }: ApiError): boolean {
  return err_code === NO_MESSAGE;
}

export function isNoStream({ err_code }: ApiError): boolean {
  return err_code === NO_STREAM;
}

/** Converts an error response. A request rejected by JetStream was not carried out, so the code is never `TIMEOUT`. */
export function refusal(error: ApiError, what: string): GantryError {
  const { code, err_code: number, description = 'no reason given' } = error;
  const known = number === undefined ? undefined : CODES.get(number);
  const other = code >= 500 || isNoStream(error) ? 'UNAVAILABLE' : 'INTERNAL';
  const message = `store-nats: JetStream refuses ${what}: ${description}`;
  return new GantryError(known ?? other, message, { details: { code, number } });
}
