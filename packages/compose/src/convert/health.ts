import type { TemplateInput } from '@gantry/core';
import type { Cursor } from '../model/cursor.ts';

type HealthChecks = NonNullable<TemplateInput['healthChecks']>;
type Check = NonNullable<HealthChecks['startup']>;

/** Compose's defaults. */
const DEFAULTS = Object.freeze({ intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 });
const MIN_INTERVAL_MS = 10;
/** What changes a check, but is none. */
const CHANGES: readonly string[] = Object.freeze(['interval', 'timeout', 'retries', 'start_period']);

/**
 * The health checks of a service. One check of Compose becomes two of Gantry's. The startup check keeps a task from
 * counting, and from traffic, until it succeeds, which is what `service_healthy` waits for. After that an unhealthy task
 * is replaced (liveness), or, where nothing would replace it (`restart: no`), gets no traffic while it is unhealthy
 * (readiness). Undefined: the image's own check counts, if it has one. `{ image: false }`: nothing is checked.
 */
export function healthChecksOf(service: Cursor, restarts: boolean): HealthChecks | undefined {
  const healthcheck = service.get('healthcheck');
  if (healthcheck?.tree.kind !== 'dict') return undefined;
  const check = checkOf(healthcheck);
  if (check === undefined) return undefined;
  if (check === 'none') return { image: false };
  return { startup: check, ...(restarts ? { liveness: check } : { readiness: check }) };
}

function checkOf(healthcheck: Cursor): Check | 'none' | undefined {
  const disabled = healthcheck.get('disable')?.boolean() === true;
  const test = healthcheck.get('test');
  const changed = CHANGES.filter((key) => healthcheck.get(key) !== undefined);
  const intervalMs = healthcheck.get('interval')?.duration() || DEFAULTS.intervalMs;
  const timeoutMs = healthcheck.get('timeout')?.duration() || DEFAULTS.timeoutMs;
  const retries = healthcheck.get('retries')?.integer() || DEFAULTS.retries;
  const startPeriodMs = healthcheck.get('start_period')?.duration() ?? DEFAULTS.startPeriodMs;
  const command = test === undefined ? undefined : testOf(test);
  if (disabled || command === 'none') return 'none';
  if (test === undefined || command === 'inherit') {
    const [first] = changed;
    if (first === undefined) return undefined;
    return healthcheck
      .get(first)
      ?.unsupported(
        "the image's own health check is run as the image says: to change it, give its test here",
      );
  }
  if (command === undefined) return undefined;
  return {
    exec: { command },
    intervalMs: Math.max(MIN_INTERVAL_MS, intervalMs),
    timeoutMs,
    retries,
    startPeriodMs,
  };
}

function testOf(test: Cursor): readonly string[] | 'none' | 'inherit' | undefined {
  if (test.isText) {
    const text = test.text();
    if (text === undefined || text.trim() === '') return test.invalid('expected a command');
    if (text === 'NONE')
      test.note('as a text, NONE is a command of the shell: write ["NONE"] for no health check');
    return ['/bin/sh', '-c', text];
  }
  const [first, ...words] = test.texts();
  // As in Docker, an empty list says nothing.
  if (first === undefined && test.tree.kind === 'list') return 'inherit';
  if (first === 'NONE') return 'none';
  if (first === 'CMD' && words.length > 0) return words;
  if (first === 'CMD-SHELL' && words.length > 0) return ['/bin/sh', '-c', ...words];
  return test.invalid('expected ["NONE"], ["CMD", word, …] or ["CMD-SHELL", command]');
}
