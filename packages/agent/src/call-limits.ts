/** Timeout of a call of the control plane, ms. */
export const CALL_MS = 5000;
/** First and longest delay before a call is repeated, ms: it doubles. */
export const RETRY_MS = 100;
export const MAX_RETRY_MS = 5000;
