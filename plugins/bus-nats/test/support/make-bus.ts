import type { Logger } from '@gantry/core';
import type { LogFields } from '@gantry/core/contracts';
import { SystemClock } from '@gantry/system';
import { SeededRandom } from '@gantry/testing';
import { NatsBus, type NatsBusOptions } from '../../src/index.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** A logger that writes its lines down. */
export function listLogger(lines: LogLine[]): Logger {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields?: LogFields): void => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}

/** A bus that has not been started, with the machine's clock, and the lines it logs. */
export function makeBus(options: NatsBusOptions): { readonly bus: NatsBus; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const needs = { clock: new SystemClock(), random: new SeededRandom(1), logger: listLogger(lines) };
  return { bus: new NatsBus(needs, options), lines };
}

/** A bus that is connected. */
export async function startBus(options: NatsBusOptions): Promise<{ bus: NatsBus; lines: LogLine[] }> {
  const made = makeBus(options);
  await made.bus.start(new AbortController().signal);
  return made;
}
