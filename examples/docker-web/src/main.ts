/**
 * A front and a back end as containers on one network: the front end reaches the back end by the service's name, clients
 * reach the front end through the proxy. The image is made from this machine's own busybox: nothing is pulled.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCluster } from '@gantry/host';
import { dockerCluster } from '@gantry/presets/docker';

const IMAGE = 'gantry-test/busybox:1';
execFileSync(process.execPath, [fileURLToPath(new URL('../../../scripts/test-images.mjs', import.meta.url))]);

await using cluster = await createCluster(dockerCluster(), { name: 'docker-web', nodes: 2 });
const { api } = cluster;
const page = (text: string): string => `mkdir -p /tmp/www && ${text} > /tmp/www/index.html`;
const serve = 'exec httpd -f -p 8080 -h /tmp/www';

await api.applyAll([
  { kind: 'network', meta: { name: 'backend' } },
  {
    kind: 'service',
    meta: { name: 'greeter' },
    spec: {
      replicas: 2,
      template: {
        image: IMAGE,
        command: ['sh', '-c'],
        args: [`${page('echo hello from $(hostname)')} && ${serve}`],
        networks: ['backend'],
        ports: [{ target: 8080 }],
        healthChecks: { readiness: { http: { port: 8080, path: '/' } } },
      },
    },
  },
  {
    kind: 'service',
    meta: { name: 'front' },
    spec: {
      template: {
        image: IMAGE,
        command: ['sh', '-c'],
        // Asks the greeter by its name until it answers, and serves what it said.
        args: [`until ${page('wget -q -O - http://greeter:8080/')}; do sleep 0.1; done; ${serve}`],
        networks: ['backend'],
        ports: [{ target: 8080, published: 0, appProtocol: 'http' }],
        healthChecks: { readiness: { http: { port: 8080, path: '/' }, retries: 30 } },
      },
    },
  },
]);
await api.wait('service', 'greeter', 'Available', { timeoutMs: 60_000 });
const front = await api.wait(
  'service',
  'front',
  ({ status }) => status.ready === 1 && status.published.length > 0,
  { timeoutMs: 60_000 },
);
const answer = await fetch(`http://127.0.0.1:${front?.status.published[0]?.port}/`);
const said = await answer.text();
console.log(`front says: ${said.trim()}`);
for await (const lines of api.logs({ service: 'front' }, { tail: 5 }))
  for (const { text } of lines) console.log(text);
if (!said.startsWith('hello from ')) throw new Error(`expected a greeting, got ${JSON.stringify(said)}`);
