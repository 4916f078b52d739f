import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { contracts, provide } from '@gantry/core';
import type { Frontend } from '@gantry/core/contracts';
import { createCluster } from '@gantry/host';
import { ProxyLoadBalancer } from '@gantry/lb-proxy';
import { processCluster } from '@gantry/presets/process';
import { SystemClock, SystemRandom } from '@gantry/system';
import { silentLogger } from '@gantry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../../tests/support/ports.ts';
import { composePlugins } from '../src/config/resolve-plugins.ts';
import { type KeptPortsOptions, openKeptPorts } from '../src/parts/kept-ports.ts';
import { Terminal } from './support/terminal.ts';

const SYSTEM = { clock: new SystemClock(), random: new SystemRandom() };
const TIMEOUT = { timeout: 30_000 };

describe('ports of the last program', () => {
  let folder: string;
  let file: string;
  let port: number;
  let frontend: Frontend;
  const backend = createServer((_, response) => response.end('hello'));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-kept-'));
    file = join(folder, 'frontends.json');
    [port] = (await freePorts(1)) as [number];
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const { port: target } = backend.address() as AddressInfo;
    frontend = {
      id: `web/${port}/tcp`,
      service: 'web',
      protocol: 'tcp',
      address: '127.0.0.1',
      port,
      policy: 'round-robin',
      backends: [{ id: 'web.1', address: '127.0.0.1', port: target, state: 'ready' }],
    };
  });
  afterEach(async () => {
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const keep = async (path: string, ageMs = 0, more: object = {}): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    const kept = { savedAt: SYSTEM.clock.now() - ageMs, frontends: [{ ...frontend, ...more }] };
    await writeFile(path, JSON.stringify(kept));
  };
  const open = (more: Partial<KeptPortsOptions> = {}) =>
    openKeptPorts(SYSTEM, { file, logLevel: 'silent', own: [], ...more });
  const answer = (): Promise<string | undefined> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => undefined,
    );

  test('are served before a cluster is created, and the cluster takes them over with their connections', async () => {
    await keep(file);
    await using ports = await open();
    expect(await answer()).toBe('hello');
    const client: Socket = connect(port, '127.0.0.1');
    let received = '';
    client.setEncoding('latin1').on('data', (part: string) => {
      received += part;
    });
    const ask = (): boolean => client.write('GET / HTTP/1.1\r\nhost: web\r\n\r\n');
    ask();
    await expect.poll(() => received.match(/hello/g)?.length, TIMEOUT).toBe(1);
    // Without the part that closes ports of which the control plane, empty here, does not know.
    const preset = processCluster({ logLevel: 'silent', runtime: { dir: folder } }).filter(
      ({ name }) => name !== 'component-ingress',
    );
    const cluster = await createCluster(composePlugins(preset, ports.plugins), { nodes: 0 });
    const [balancer] = cluster.get(contracts.loadBalancer);
    const frontends = await balancer?.apply([frontend]);
    expect(frontends).toEqual([{ id: frontend.id, address: '127.0.0.1', port }]);
    ask();
    await expect.poll(() => received.match(/hello/g)?.length, TIMEOUT).toBe(2);
    const closed = once(client, 'close');
    await cluster[Symbol.asyncDispose]();
    await closed;
    expect(await answer()).toBe(undefined);
  });

  test('are closed if no cluster takes them over', async () => {
    await keep(file);
    const ports = await open();
    expect(await answer()).toBe('hello');
    await ports[Symbol.asyncDispose]();
    await ports[Symbol.asyncDispose]();
    expect(await answer()).toBe(undefined);
  });

  test.each([
    ['the file is missing', async () => undefined, {}],
    ['the file is damaged', () => writeFile(file, '{"savedAt": 1'), {}],
    ['the file is of another shape', () => keep(file, 0, { backends: undefined }), {}],
    ['the file is older than a minute', () => keep(file, 61_000), {}],
    ['ports listen at another address now', () => keep(file), { address: '127.0.0.2' }],
    ['the user has a load balancer of another kind', () => keep(file), { own: [otherBalancer()] }],
  ])('stay closed if %s', async (_, prepare, more) => {
    await prepare();
    await using ports = await open(more);
    expect(ports.plugins).toEqual([]);
    expect(await answer()).toBe(undefined);
  });

  test('are served by an agent that cannot reach its control plane', async () => {
    await using terminal = await Terminal.open();
    const [nats] = (await freePorts(1)) as [number];
    const data = join(folder, 'agent');
    await keep(join(data, 'frontends.json'));
    const stop = new AbortController();
    const line = `agent --nats nats://127.0.0.1:${nats} --node one --runtime process --data ${data} --log-level silent`;
    const ended = terminal.run(line, { signal: stop.signal });
    await expect.poll(answer, TIMEOUT).toBe('hello');
    stop.abort('SIGTERM');
    await ended;
    expect(await answer()).toBe(undefined);
  });
});

function otherBalancer() {
  const needs = { ...SYSTEM, logger: silentLogger };
  return provide(contracts.loadBalancer, new ProxyLoadBalancer(needs));
}
