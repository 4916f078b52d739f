import { contracts, definePlugin, type Logger } from '@gantry/core';
import type { LogFields } from '@gantry/core/contracts';
import { z } from 'zod';
import { LossyOutput } from './lossy-output.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type Level = (typeof LEVELS)[number];

/** Log output beyond this that a slow reader has not read is dropped, in bytes. */
const MAX_PENDING_BYTES = 1_048_576;

/**
 * Writes one JSON object a line, such as `{"time":…,"level":"info","message":…}`, to an output such as standard error.
 */
export class JsonLogger implements Logger {
  readonly #level: number;
  readonly #write: (line: string) => void;
  readonly #fields: LogFields;
  readonly #lost: () => number;

  /**
   * Creates a logger that writes lines of at least this level.
   *
   * @param lost returns the number of lines that `write` failed to write
   */
  constructor(level: Level, write: (line: string) => void, fields: LogFields = {}, lost = (): number => 0) {
    this.#level = LEVELS.indexOf(level);
    this.#write = write;
    this.#fields = fields;
    this.#lost = lost;
  }

  lost(): number {
    return this.#lost();
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  child(fields: LogFields): Logger {
    const all = { ...this.#fields, ...fields };
    return new JsonLogger(LEVELS[this.#level] as Level, this.#write, all, this.#lost);
  }

  #log(level: Level, message: string, fields: LogFields | undefined): void {
    if (LEVELS.indexOf(level) < this.#level) return;
    this.#write(lineOf(level, message, { ...this.#fields, ...fields }));
  }
}

function lineOf(level: Level, message: string, fields: LogFields): string {
  const time = new Date().toISOString();
  try {
    return JSON.stringify({ time, level, message, ...fields }, plain);
  } catch (error) {
    // Fields that cannot be encoded as JSON must neither lose the message nor crash the program.
    return JSON.stringify({ time, level, message, fields: `not shown: ${(error as Error).message}` });
  }
}

/** Errors have no enumerable fields: shows their name, message, code and cause. */
function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    code: (value as { code?: unknown }).code,
    cause: value.cause,
  };
}

/** Plugin: JSON lines on standard error for `contracts.logger`. Lines that cannot be written are dropped and counted. */
export const jsonLogger = definePlugin({
  name: 'logger-json',
  provides: contracts.logger,
  options: z.strictObject({ level: z.enum(LEVELS).default('warn') }),
  create: ({ level }) => {
    const output = new LossyOutput(process.stderr, {
      maxPendingBytes: MAX_PENDING_BYTES,
      resumed: ({ writes: lines, reason }) => `${lineOf('warn', 'log lines were lost', { lines, reason })}\n`,
    });
    return new JsonLogger(
      level,
      (line) => output.write(`${line}\n`),
      {},
      () => output.lost,
    );
  },
});
