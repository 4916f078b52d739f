/** Every way to fail that containers have, in real time, in one cluster. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerCluster } from '@gantry/presets/docker';
import { afterAll, beforeAll } from 'vitest';
import { type Registry, startRegistry, tarOf } from '../../plugins/runtime-docker/test/support/registry.ts';
import { commitImage } from '../support/docker-image.ts';
import { describeWith } from '../support/services.ts';
import { failureTests } from './support/failure-tests.ts';
import { realBed } from './support/real-bed.ts';
import { tellNode } from './support/tell-node.ts';

const good = { image: 'gantry-test/busybox:1', command: ['sleep', '1000'] };
/** Flags of an image whose own health check fails. */
const UNHEALTHY = [
  ...['--health-cmd', 'echo no answer; exit 1', '--health-interval', '1s'],
  ...['--health-timeout', '5s', '--health-retries', '1'],
];

/** Imports an image whose program was built for a machine that this one is not. */
function importForeign(dir: string): void {
  const app = readFileSync(process.execPath).subarray(0, 1 << 16);
  app.writeUInt16LE(0xf7, 18);
  writeFileSync(join(dir, 'app'), app, { mode: 0o755 });
  execFileSync('docker', ['import', '-', 'gantry-test/foreign:1'], { input: tarOf(dir) });
  rmSync(join(dir, 'app'));
}

describeWith('docker', 'containers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-registry-'));
  let registry: Registry;

  beforeAll(async () => {
    commitImage('gantry-test/unhealthy:1', UNHEALTHY, good.command);
    importForeign(dir);
    registry = await startRegistry((content) => {
      writeFileSync(join(dir, 'data'), content);
      return tarOf(dir);
    });
  });
  afterAll(async () => {
    await registry?.close();
    rmSync(dir, { recursive: true });
  });

  failureTests({
    runtime: 'docker',
    title: 'Containers',
    open: (nodes) =>
      realBed({ runtime: 'docker', good, registry: registry.host }, nodes, () =>
        dockerCluster({ logLevel: 'silent' }).map(tellNode),
      ),
    atOnce: 4,
    replicas: 1,
    apart: false,
    timeoutMs: 400_000,
  });
});
