/** What is known of every error with one code. */
export interface ErrorTraits {
  /** When the failed call may be repeated: never, after reading again, with backoff, or with long delays. */
  readonly retry: 'no' | 'reread' | 'backoff' | 'slow';
  /** What the code means, in lower case. */
  readonly summary: string;
}

const TRAITS = {
  INVALID_OPTIONS: { retry: 'no', summary: 'the options of a plugin are invalid' },
  INVALID_OBJECT: { retry: 'no', summary: 'an object was rejected by its schema or by admission' },
  WIRING: { retry: 'no', summary: 'the set of plugins lacks one, has a duplicate, or has a cycle' },
  NOT_FOUND: { retry: 'no', summary: 'the named object does not exist' },
  ALREADY_EXISTS: { retry: 'no', summary: 'the named object exists' },
  CONFLICT: { retry: 'reread', summary: 'an expectation no longer holds' },
  FENCED: { retry: 'no', summary: 'another process has taken over from the caller' },
  COMPACTED: { retry: 'reread', summary: 'the requested history is gone: list again' },
  UNAUTHENTICATED: { retry: 'no', summary: 'the caller is unknown' },
  FORBIDDEN: { retry: 'no', summary: 'the caller lacks permission' },
  UNAVAILABLE: { retry: 'backoff', summary: 'the other side cannot be reached' },
  TIMEOUT: { retry: 'backoff', summary: 'the deadline passed; the effect is unknown' },
  ABORTED: { retry: 'no', summary: "the caller's signal ended the call" },
  UNSUPPORTED: { retry: 'no', summary: 'a feature that `supports` denies was requested' },
  CLOSED: { retry: 'no', summary: 'used after it was disposed' },
  EXHAUSTED: { retry: 'slow', summary: 'a quota or a resource is exhausted' },
  INTERNAL: { retry: 'no', summary: 'an invariant is broken: a bug' },
} as const satisfies Record<string, ErrorTraits>;

/** Code of a {@link GantryError}: stable, and documented in docs/errors.md. */
export type ErrorCode = keyof typeof TRAITS;

/**
 * The closed set of error codes. Codes are stable, messages are not; `docs/errors.md` explains each one and a test
 * compares the two in both directions. Whether a call may be repeated is a property of the code.
 */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorTraits>> = TRAITS;

/** One thing that is wrong with an input: where, and why. */
export interface Issue {
  /** Dotted path from the root of the input, such as `template.ports[1].target`. */
  readonly path: string;
  /** What is wrong there, in lower case. */
  readonly message: string;
}

/** What an error carries beside its code and message. */
export interface GantryErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Data for programs; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What exactly is wrong, for `INVALID_OPTIONS` and `INVALID_OBJECT`. */
  readonly issues?: readonly Issue[];
}

const brand = Symbol.for('gantry.error');

/**
 * The only error class that crosses a border of Gantry. Test with {@link isGantryError}, never with `instanceof`: two
 * copies of core may be installed.
 */
export class GantryError extends Error {
  /** What kind of error it is. Programs decide by the code, never by the message. */
  readonly code: ErrorCode;
  /** Data for programs; `{}` if none were given. Never holds secrets. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Each thing that is wrong with an input; empty for most codes. */
  readonly issues: readonly Issue[];

  /** Creates an error; `message` is lower case and says what failed and why. */
  constructor(code: ErrorCode, message: string, options: GantryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GantryError';
    this.code = code;
    this.details = options.details ?? {};
    this.issues = options.issues ?? [];
    Object.defineProperty(this, brand, { value: true });
  }

  /** Returns the code and the message. */
  override toString(): string {
    return `${this.code} ${this.message}`;
  }
}

/** Whether a thrown value is a {@link GantryError}, and (if given) has one of these codes. */
export function isGantryError(error: unknown, ...codes: readonly ErrorCode[]): error is GantryError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return codes.length === 0 || codes.includes((error as unknown as GantryError).code);
}

/** What the system says when it has no space, file descriptor or memory left. */
const SHORTAGES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM'];

/** Whether an error of the system says that something is used up: space, file descriptors or memory. */
export function isShortage(error: unknown): boolean {
  return SHORTAGES.includes((error as { readonly code?: unknown } | null | undefined)?.code);
}

/**
 * Makes a {@link GantryError} of anything thrown: keeps one as it is, and wraps the rest with its cause, as `EXHAUSTED` if
 * the system has no space, file descriptor or memory left, else as `INTERNAL`.
 */
export function toGantryError(error: unknown, context?: string): GantryError {
  if (isGantryError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  const message = context === undefined ? text : `${context}: ${text}`;
  return new GantryError(isShortage(error) ? 'EXHAUSTED' : 'INTERNAL', message, { cause: error });
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

/** The `ABORTED` error for a fired signal, with the signal's reason as its cause. */
export function aborted(signal: AbortSignal): GantryError {
  if (isGantryError(signal.reason)) return signal.reason;
  return new GantryError('ABORTED', 'the call was aborted', { cause: signal.reason });
}

/** Settles like the promise, or fails with `ABORTED` if the signal fires first; the underlying work continues. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => undefined); // its rejection may have no other handler
  throwIfAborted(signal);
  let onAbort = (): void => {};
  const fired = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, fired]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
