import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '@gantry/host';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { processCluster } from '@gantry/presets/process';
import { expect, test } from 'vitest';
import { Terminal } from '../../packages/cli/test/support/terminal.ts';

/** Slot 1 resets every connection that sends something, slot 2 answers. */
const SERVER = `
require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => {
    if (process.env.GANTRY_SLOT === '1') socket.resetAndDestroy();
    else socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n');
  });
}).listen(process.env.PORT ?? process.env.PORT_8080, '127.0.0.1');
`;
const POLL = { timeout: 60_000, interval: 100 };

test('a task that the proxy ejects has counted events that say why, and that it is used again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-ejection-'));
  const plugins = processCluster({ logLevel: 'silent', runtime: { dir } }).map((plugin) =>
    plugin.name === 'lb-proxy' ? proxyLoadBalancer({ eject: { baseMs: 200, maxMs: 400 } }) : plugin,
  );
  try {
    await using cluster = await createCluster(plugins, { name: dir.slice(-6).toLowerCase(), nodes: 1 });
    await using terminal = await Terminal.open({ api: cluster.api });
    const { api } = cluster;
    const template = {
      command: [process.execPath, '-e', SERVER],
      ports: [{ target: 8080, published: 0 }],
      healthChecks: { readiness: { tcp: { port: 8080 }, intervalMs: 100 } },
      drainMs: 0,
      stopGraceMs: 500,
    };
    await api.apply({ kind: 'service', meta: { name: 'web' }, spec: { replicas: 2, template } });
    const up = await api.wait(
      'service',
      'web',
      ({ status }) => status.ready === 2 && status.published.length > 0,
      { timeoutMs: 60_000 },
    );
    const url = `http://127.0.0.1:${up?.status.published[0]?.port}/`;
    const { items } = await api.list('task', { fields: 'spec.service=web' });
    const bad = items.find(({ spec }) => spec.slot === '1')?.meta.name as string;
    const eventsOf = async () =>
      (await api.list('event', { fields: `spec.regarding.name=${bad}` })).items.map(({ spec }) => spec);
    const knock = async () => {
      for (let time = 0; time < 12; time++)
        await fetch(url, { method: 'POST', body: 'x' }).catch(() => undefined);
      return eventsOf();
    };
    const event = (reason: string, type: string, message: RegExp) =>
      expect.objectContaining({ reason, type, message: expect.stringMatching(message) });
    const why =
      /^ejected by a load balancer from port 8080\/tcp: 5 unanswered connections in a row, the last one: reset$/;
    await expect.poll(knock, POLL).toContainEqual(event('BackendEjected', 'warning', why));
    await expect
      .poll(eventsOf, POLL)
      .toContainEqual(
        event('BackendRestored', 'normal', /^used again by a load balancer for port 8080\/tcp$/),
      );
    const countOf = (events: Awaited<ReturnType<typeof eventsOf>>) =>
      events.filter(({ reason }) => reason === 'BackendEjected').map(({ count }) => count > 1);
    await expect.poll(async () => countOf(await knock()), POLL).toEqual([true]);
    for (const command of [`describe task/${bad}`, `events --for task/${bad}`])
      expect((await terminal.run(command)).out).toMatch(/BackendEjected .*the last one: reset/);
    const others = await api.list('event', {
      fields: `spec.regarding.name=${items.find(({ spec }) => spec.slot === '2')?.meta.name}`,
    });
    expect(others.items.map(({ spec }) => spec.reason)).not.toContain('BackendEjected');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 300_000);
