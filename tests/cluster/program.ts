/** A program that runs an embedded cluster until it is killed: says on standard output, as JSON lines, what runs. */

import { fileURLToPath } from 'node:url';
import { createCluster } from '@gantry/host';

const [runtime = 'process', dir = '', name = 'crash'] = process.argv.slice(2);
const web = fileURLToPath(new URL('../../examples/hello/web', import.meta.url));

const plugins =
  runtime === 'docker'
    ? (await import('@gantry/presets/docker')).dockerCluster()
    : (await import('@gantry/presets/process')).processCluster({ runtime: { dir } });
const cluster = await createCluster(plugins, { name, nodes: 2 });
const { api } = cluster;
say({ started: true });
const template =
  runtime === 'docker'
    ? {
        image: 'gantry-test/busybox:1',
        command: ['httpd', '-f', '-p', '8080'],
        ports: [{ target: 8080, published: 0 }],
      }
    : { command: [process.execPath, 'server.mjs'], workingDir: web, ports: [{ target: 8080, published: 0 }] };
await api.apply({ kind: 'service', meta: { name: 'web' }, spec: { replicas: 4, template } });
await api.wait('service', 'web', 'Available', { timeoutMs: 120_000 });
const { items } = await api.list('task');
say({
  running: items.map(({ meta, status }) => ({ task: meta.name, pid: status.pid, id: status.runtimeId })),
});
process.on('SIGTERM', () => void cluster[Symbol.asyncDispose]().then(() => process.exit(0)));

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
