import type { TemplateInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type HealthChecks = NonNullable<TemplateInput['healthChecks']>;
type Check = NonNullable<HealthChecks['startup']>;
type ImageChanges = Exclude<HealthChecks['image'], boolean | undefined>;

/** Compose's defaults. */
const DEFAULTS = Object.freeze({ intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 });
const MIN_INTERVAL_MS = 10;

/**
 * The health checks of a service. A Compose check becomes two of Gantry's. Until the startup check succeeds, a task
 * does not count as running and gets no traffic; this is what `service_healthy` waits for. After that, an unhealthy
 * task is replaced (liveness) or, if nothing would replace it (`restart: no`), gets no traffic while it is unhealthy
 * (readiness). Undefined: the image's own check applies, if it has one. `{ image: false }`: no checks. `{ image: { … }
 * }`: the image's own check applies, with changes.
 */
export function healthChecksOf(service: Cursor, restarts: boolean): HealthChecks | undefined {
  const healthcheck = service.get('healthcheck');
  if (healthcheck?.tree.kind !== 'dict') return undefined;
  const check = checkOf(healthcheck);
  if (check === undefined) return undefined;
  if (check === 'none') return { image: false };
  if ('image' in check) return check;
  return { startup: check, ...(restarts ? { liveness: check } : { readiness: check }) };
}

function checkOf(healthcheck: Cursor): Check | { readonly image: ImageChanges } | 'none' | undefined {
  const disabled = healthcheck.get('disable')?.boolean() === true;
  const test = healthcheck.get('test');
  const changes = changesOf(healthcheck);
  const command = test === undefined ? undefined : testOf(test);
  if (disabled || command === 'none') return 'none';
  if (test === undefined || command === 'inherit') {
    return Object.keys(changes).length === 0 ? undefined : { image: changes };
  }
  if (command === undefined) return undefined;
  return { exec: { command }, ...DEFAULTS, ...changes };
}

/** The settings other than the test. As in Docker, 0 means not set. */
function changesOf(healthcheck: Cursor): ImageChanges {
  const intervalMs = healthcheck.get('interval')?.duration();
  const timeoutMs = healthcheck.get('timeout')?.duration();
  const retries = healthcheck.get('retries')?.integer();
  const startPeriodMs = healthcheck.get('start_period')?.duration();
  return {
    ...(intervalMs ? { intervalMs: Math.max(MIN_INTERVAL_MS, intervalMs) } : {}),
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(retries ? { retries } : {}),
    ...(startPeriodMs ? { startPeriodMs } : {}),
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
  // As in Docker, an empty list means not set.
  if (first === undefined && test.tree.kind === 'list') return 'inherit';
  if (first === 'NONE') return 'none';
  if (first === 'CMD' && words.length > 0) return words;
  if (first === 'CMD-SHELL' && words.length > 0) return ['/bin/sh', '-c', ...words];
  return test.invalid('expected ["NONE"], ["CMD", word, …] or ["CMD-SHELL", command]');
}
