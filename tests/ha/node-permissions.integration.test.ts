/** The permissions of docs/guide/several-hosts.md on a real NATS server: a host can do its work, and nothing in the name of others. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsBus } from '@gantry/bus-nats';
import { type Bus, contracts, isGantryError, type Lifecycle } from '@gantry/core';
import { type ServerMessage, subjects } from '@gantry/core/protocol';
import { type Cluster, type ClusterMember, createCluster, joinCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import { fakeNode } from '@gantry/presets/fake';
import { memoryStore } from '@gantry/store-memory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NatsServer, startNats } from '../support/nats-server.ts';
import { describeWith } from '../support/services.ts';

const NAMES = subjects('shop');
const PASSWORDS = { $SERVER_PASSWORD: 'for-the-servers', $WEB_1_PASSWORD: 'for-web-1' };
const ASK = { timeoutMs: 2000 };

async function configOfTheGuide(): Promise<string> {
  const guide = await readFile(new URL('../../docs/guide/several-hosts.md', import.meta.url), 'utf8');
  const [, config = ''] = /```text\n(# nats-server\.conf[\s\S]*?)```/.exec(guide) ?? [];
  return Object.entries(PASSWORDS).reduce((text, [name, password]) => text.replace(name, password), config);
}

describeWith('nats', 'a host with permissions of its own', () => {
  let folder: string;
  let nats: NatsServer;
  let control: Cluster;
  let member: ClusterMember;
  let bus: Bus & Lifecycle;

  const busOf = (user: string, password: string, inboxPrefix?: string) =>
    natsBus({ servers: nats.url, user, password, name: user, ...(inboxPrefix && { inboxPrefix }) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-permissions-'));
    const file = join(folder, 'nats-server.conf');
    await writeFile(file, await configOfTheGuide());
    nats = await startNats(['--config', file]);
    control = await createCluster(
      server({
        store: memoryStore(),
        bus: busOf('server', PASSWORDS.$SERVER_PASSWORD),
        identity: 's1',
        logLevel: 'silent',
      }),
      { name: 'shop', nodes: 0 },
    );
    const own = busOf('web-1', PASSWORDS.$WEB_1_PASSWORD, '_INBOX.web-1');
    member = await joinCluster(fakeNode({ bus: own, logLevel: 'silent' }), {
      name: 'shop',
      machine: { name: 'web-1' },
      nodes: [{ name: 'web-1' }],
    });
    bus = member.get(contracts.bus) as Bus & Lifecycle;
  }, 60_000);
  afterAll(async () => {
    await member?.[Symbol.asyncDispose]();
    await control?.[Symbol.asyncDispose]();
    await nats?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('runs tasks, reports them, and answers for their logs and commands', async () => {
    const { api } = control;
    const template = { image: 'web:1' };
    await api.apply({ kind: 'service', meta: { name: 'web' }, spec: { replicas: 2, template } });
    await api.wait('service', 'web', 'Available', { timeoutMs: 20_000 });
    const { items } = await api.list('task');
    expect(items.map(({ spec }) => spec.node)).toEqual(['web-1', 'web-1']);
    const lines: string[] = [];
    for await (const batch of api.logs({ service: 'web' }, { tail: 1 })) {
      lines.push(...batch.map(({ text }) => text));
    }
    expect(lines.length).toBeGreaterThan(0);
  });

  test.each([
    ['register another node', NAMES.dispatch('web-2').register],
    ['send a heartbeat of another node', NAMES.dispatch('web-2').heartbeat],
    ['pull what another node is to run', NAMES.dispatch('web-2').pull],
    ['report tasks of another node', NAMES.dispatch('web-2').report],
    ['confirm frontends of another machine', NAMES.ingress('web-2')],
    ['ask the agent of another node', NAMES.agent('web-2')],
  ])('cannot %s', async (_what, subject) => {
    const error: unknown = await bus.request(subject, { session: 's1' }, ASK).catch((each: unknown) => each);
    expect(isGantryError(error, 'FORBIDDEN')).toBe(true);
    expect((await control.api.list('node')).items.map(({ meta }) => meta.name)).toEqual(['web-1']);
  });

  test('cannot announce itself as a server', async () => {
    const forged: ServerMessage = { server: 'x-1', name: 'x', version: '9', startedAt: 1, urls: [] };
    bus.publish(NAMES.servers('x-1'), forged);
    // The bus keeps the order of one publisher: an accepted heartbeat shows that the message has been dropped before.
    await control.api.wait('service', 'web', 'Available', { timeoutMs: 20_000 });
    await bus.request(NAMES.dispatch('web-1').heartbeat, { session: 'none' }, ASK).catch(() => undefined);
    expect((await control.api.servers()).map(({ meta }) => meta.name)).toEqual(['s1']);
  });
});
