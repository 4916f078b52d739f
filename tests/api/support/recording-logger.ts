import { contracts, definePlugin, type Logger, type Plugin } from '@gantry/core';
import type { LogFields } from '@gantry/core/contracts';
import { fakeCluster } from '@gantry/presets/fake';

/** A logger that keeps every line. */
function recordingLogger(lines: LogFields[], fields: LogFields = {}): Logger {
  const write = (level: string) => (message: string, more?: LogFields) => {
    lines.push({ level, message, ...fields, ...more });
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => recordingLogger(lines, { ...fields, ...more }),
  };
}

/** The plugins of `fakeCluster` with a logger that adds to `lines`. */
export function withLogger(lines: LogFields[]): readonly Plugin[] {
  const logger = definePlugin({
    name: 'recorder',
    provides: contracts.logger,
    create: () => recordingLogger(lines),
  });
  return [...fakeCluster().filter(({ provides }) => provides.key !== contracts.logger.key), logger()];
}
