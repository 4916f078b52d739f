/** Every way to fail that containers have, in real time, in one cluster. */
import { execFileSync } from 'node:child_process';
import { dockerCluster } from '@gantry/presets/docker';
import { afterAll, beforeAll } from 'vitest';
import { describeWith } from '../support/services.ts';
import { failureTests } from './support/failure-tests.ts';
import { realBed } from './support/real-bed.ts';
import { openRegistry } from './support/registry.ts';

const good = { image: 'gantry-test/busybox:1', command: ['sleep', '1000'] };
/** An image whose own health check fails. */
const UNHEALTHY = `FROM gantry-test/busybox:1
HEALTHCHECK --interval=1s --timeout=5s --retries=1 CMD echo no answer; exit 1
`;

describeWith('docker', 'containers', () => {
  let registry: Awaited<ReturnType<typeof openRegistry>>;

  beforeAll(async () => {
    execFileSync('docker', ['build', '-q', '-t', 'gantry-test/unhealthy:1', '-'], { input: UNHEALTHY });
    registry = await openRegistry();
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  failureTests({
    runtime: 'docker',
    title: 'Containers',
    open: (nodes) =>
      realBed({ runtime: 'docker', good, registry: registry.address, slowness: 3 }, nodes, () =>
        dockerCluster({ logLevel: 'silent' }),
      ),
    atOnce: 4,
    apart: false,
    timeoutMs: 600_000,
  });
});
