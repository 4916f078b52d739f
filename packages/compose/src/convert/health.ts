import type { TemplateInput } from '@gantry/core';
import type { Cursor } from '../model/cursor.ts';

type HealthChecks = NonNullable<TemplateInput['healthChecks']>;
type Check = NonNullable<HealthChecks['startup']>;

/** Compose's defaults. */
const DEFAULTS = Object.freeze({ intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 });
const MIN_INTERVAL_MS = 10;

/**
 * One check of Compose is two of ours. The startup check keeps a task from counting, and from traffic, until it succeeds,
 * which is what `service_healthy` waits for. After that an unhealthy task is replaced (liveness), or, where nothing would
 * replace it (`restart: no`), gets no traffic while it is unhealthy (readiness).
 */
export function healthChecksOf(service: Cursor, restarts: boolean): HealthChecks | undefined {
  const healthcheck = service.get('healthcheck');
  if (healthcheck?.tree.kind !== 'dict') return undefined;
  const check = checkOf(healthcheck);
  if (check === undefined) return undefined;
  return { startup: check, ...(restarts ? { liveness: check } : { readiness: check }) };
}

function checkOf(healthcheck: Cursor): Check | undefined {
  const disabled = healthcheck.get('disable')?.boolean() === true;
  const test = healthcheck.get('test');
  const intervalMs = healthcheck.get('interval')?.duration() || DEFAULTS.intervalMs;
  const timeoutMs = healthcheck.get('timeout')?.duration() || DEFAULTS.timeoutMs;
  const retries = healthcheck.get('retries')?.integer() || DEFAULTS.retries;
  const startPeriodMs = healthcheck.get('start_period')?.duration() ?? DEFAULTS.startPeriodMs;
  const command = test === undefined ? undefined : testOf(test);
  if (disabled || command === 'none') return undefined;
  if (test === undefined) {
    return healthcheck.unsupported(
      "the image's own health check is not run: give its test here, or disable: true if there is none",
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

function testOf(test: Cursor): readonly string[] | 'none' | undefined {
  if (test.isText) {
    const text = test.text();
    return text === undefined || text === '' ? test.invalid('expected a command') : ['/bin/sh', '-c', text];
  }
  const [first, ...words] = test.texts();
  if (first === 'NONE') return 'none';
  if (first === 'CMD' && words.length > 0) return words;
  if (first === 'CMD-SHELL' && words.length === 1) return ['/bin/sh', '-c', words[0] as string];
  return test.invalid('expected ["NONE"], ["CMD", word, …] or ["CMD-SHELL", command]');
}
