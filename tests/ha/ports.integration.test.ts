import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNats } from '../support/nats-server.ts';
import { freePorts } from '../support/ports.ts';
import { describeWith } from '../support/services.ts';
import { HaCluster } from './support/ha-cluster.ts';
import type { PartProcess } from './support/part-process.ts';
import { taskProcesses } from './support/processes.ts';
import { webService } from './support/web-service.ts';

const BALANCER = '127.0.0.11';
const TIMEOUT = { timeout: 60_000 };

describeWith(['nats'], 'published ports', () => {
  let nats: Awaited<ReturnType<typeof startNats>>;
  let ha: HaCluster;
  let port = 0;

  beforeAll(async () => {
    nats = await startNats();
    [port] = (await freePorts(1)) as [number];
    const store = { kind: 'nats', servers: [nats.url], replicas: 1 } as const;
    ha = await HaCluster.start({ nats: [nats.url], store, servers: 1, agents: 1 });
    await ha.api().apply(webService(port, { version: 'v1', replicas: 2 }));
    await ha.api().wait('service', 'web', 'Stable', { timeoutMs: 60_000 });
  });
  afterAll(async () => {
    await ha?.[Symbol.asyncDispose]();
    await nats?.[Symbol.asyncDispose]();
  });

  const status = async (): Promise<number | undefined> => {
    const headers = { connection: 'close' };
    const response = await fetch(`http://${BALANCER}:${port}/`, { headers }).catch(() => undefined);
    return response?.status;
  };

  test('are served by an agent that is started again before any control plane has answered it', async () => {
    const [agent] = ha.agents as [PartProcess];
    const [server] = ha.servers as [PartProcess];
    await expect.poll(status, TIMEOUT).toBe(200);
    const before = taskProcesses(ha.folders);
    server.signal('SIGSTOP');
    await agent.end('SIGKILL');
    expect(await status()).toBe(undefined);
    agent.start();
    await expect.poll(status, TIMEOUT).toBe(200);
    expect(taskProcesses(ha.folders)).toEqual(before);
    server.signal('SIGCONT');
    await agent.ready();
    expect(await status()).toBe(200);
    // The control plane decides: a port that is no longer published is closed.
    await ha.api().delete('service', 'web');
    await expect.poll(status, TIMEOUT).toBe(undefined);
  });
});
