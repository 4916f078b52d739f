/** Fields of a log line: small JSON values, never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log lines. */
export interface Logger {
  /** Logs what only helps to trace a problem. */
  debug(message: string, fields?: LogFields): void;
  /** Logs a normal event. */
  info(message: string, fields?: LogFields): void;
  /** Logs a problem that Gantry handles itself. */
  warn(message: string, fields?: LogFields): void;
  /** Logs a problem that needs a person. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
  /** How many lines could not be written so far; absent if the logger does not count them. */
  lost?(): number;
}
