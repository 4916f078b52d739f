import type { Plugin } from '@gantry/core';
import { jsonLogger, systemClock, systemRandom } from '@gantry/system';

/** Lowest level that is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The system's clock and random source, and a log on standard error. */
export function machine(logLevel: LogLevel = 'warn'): readonly Plugin[] {
  return [systemClock(), systemRandom(), jsonLogger({ level: logLevel })];
}
