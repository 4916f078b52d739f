import { contracts, definePlugin, type LogFields, type Logger } from '@gantry/core';
import { z } from 'zod';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type Level = (typeof LEVELS)[number];

/** One JSON object a line, as `{"time":…,"level":"info","message":…}`, to a writer such as standard error. */
export class JsonLogger implements Logger {
  readonly #level: number;
  readonly #write: (line: string) => void;
  readonly #fields: LogFields;

  constructor(level: Level, write: (line: string) => void, fields: LogFields = {}) {
    this.#level = LEVELS.indexOf(level);
    this.#write = write;
    this.#fields = fields;
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
    return new JsonLogger(LEVELS[this.#level] as Level, this.#write, { ...this.#fields, ...fields });
  }

  #log(level: Level, message: string, fields: LogFields | undefined): void {
    if (LEVELS.indexOf(level) < this.#level) return;
    const time = new Date().toISOString();
    this.#write(JSON.stringify({ time, level, message, ...this.#fields, ...fields }, plain));
  }
}

/** Errors have no enumerable fields: show what they say. */
function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    code: (value as { code?: unknown }).code,
    cause: value.cause,
  };
}

/** Plugin: JSON lines on standard error for `contracts.logger`. */
export const jsonLogger = definePlugin({
  name: 'logger-json',
  provides: contracts.logger,
  options: z.strictObject({ level: z.enum(LEVELS).default('warn') }),
  create: ({ level }) => new JsonLogger(level, (line) => process.stderr.write(`${line}\n`)),
});
