import { describe, inject, test } from 'vitest';
import type {} from './probe-services.ts';
import type { ServiceName } from './service-probes.ts';

export { onPath, type ServiceName } from './service-probes.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Set on what was skipped for want of a service; the reporter reads it. */
    missingService?: { readonly service: ServiceName; readonly reason: string };
  }
}

/** Whether a missing service is a failure, as it is in CI. */
const required = (): boolean => process.env.GANTRY_REQUIRE_SERVICES === '1';

/** Why a service cannot be used here, or undefined when it can. */
export function whyMissing(service: ServiceName): string | undefined {
  return inject('services')[service] ?? undefined;
}

/**
 * A `describe` whose tests need services of the machine. Where one is missing its tests are skipped and
 * named aloud at the end of the run; with GANTRY_REQUIRE_SERVICES=1 they fail instead.
 *
 *     describeWith('docker', 'runtime-docker', () => { … });
 *     describeWith(['etcd', 'nats'], 'store-etcd behind bus-nats', () => { … });
 */
export function describeWith(
  needs: ServiceName | readonly ServiceName[],
  title: string,
  define: () => void,
): void {
  const names = typeof needs === 'string' ? [needs] : needs;
  const service = names.find((name) => whyMissing(name) !== undefined);
  if (service === undefined) {
    describe(title, define);
    return;
  }
  const reason = whyMissing(service) ?? '';
  if (required()) {
    test(`${title}: needs ${service}`, () => {
      throw new Error(`${service} is required (GANTRY_REQUIRE_SERVICES=1) but missing: ${reason}`);
    });
    return;
  }
  describe.skip(title, { meta: { missingService: { service, reason } } }, define);
}
