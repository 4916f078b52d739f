import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiEndpoint, apiServer } from '@gantry/api';
import { memoryBus } from '@gantry/bus-memory';
import { contracts, type Plugin } from '@gantry/core';
import { isFinal, STORE_KEYS } from '@gantry/core/model';
import { type Cluster, createCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import { fakeCluster } from '@gantry/presets/fake';
import { etcdStore } from '@gantry/store-etcd';
import { lmdbStore } from '@gantry/store-lmdb';
import { natsStore } from '@gantry/store-nats';
import { readSnapshot, type Snapshot, snapshotLines } from '@gantry/storing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type EtcdServer, startEtcd } from '../../../tests/support/etcd-server.ts';
import { type NatsServer, startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { Terminal } from './support/terminal.ts';

const TOKEN = `gantry_${'admin-of-the-snapshots'.padEnd(43, 'x')}`;
const TEXT = 'Grüße, 世界 🎉 \u0001 "\n';
const PATIENCE = { timeout: 20_000, interval: 20 };

/** A place where the state of the cluster `name` can be: as the command line names it, and as a plugin. */
interface Place {
  readonly text: string;
  readonly plugin: () => Plugin;
}

describeWith(['etcd', 'nats'], 'snapshots between engines', () => {
  let etcd: EtcdServer;
  let nats: NatsServer;
  let terminal: Terminal;
  beforeAll(async () => {
    [etcd, nats, terminal] = await Promise.all([startEtcd(), startNats(), Terminal.open({ real: true })]);
  });
  afterAll(() => Promise.all([etcd, nats, terminal].map((each) => each?.[Symbol.asyncDispose]())));

  const lmdb = (folder: string): Place => ({
    text: `lmdb:${folder}`,
    plugin: () => lmdbStore({ path: join(terminal.home, folder) }),
  });
  const inEtcd = (name: string): Place => ({
    text: `etcd:${etcd.urls.join(',')}`,
    plugin: () => etcdStore({ endpoints: [...etcd.urls], prefix: `/gantry/${name}/` }),
  });
  const inNats = (name: string): Place => ({
    text: `nats:${nats.url}`,
    plugin: () => natsStore({ servers: [nats.url], bucket: `gantry-${name}` }),
  });

  /** An embedded cluster over a place, with its API served. */
  const serve = ({ plugin }: Place, name: string): Promise<Cluster> =>
    createCluster(
      [...fakeCluster({ store: plugin(), logLevel: 'silent' }), apiServer({ adminToken: TOKEN })],
      { name, nodes: 2 },
    );
  const env = (cluster: Cluster, token = TOKEN) => ({
    env: { GANTRY_SERVER: cluster.get(apiEndpoint).url, GANTRY_TOKEN: token },
  });
  const ok = async (line: string, options = {}): Promise<string> => {
    const ran = await terminal.run(line, options);
    expect({ line, ...ran }).toMatchObject({ line, code: 0 });
    return ran.out;
  };
  const snapshotIn = async (file: string): Promise<Snapshot> =>
    readSnapshot(await readFile(join(terminal.home, file), 'utf8'), createHash('sha256'));
  const entriesOf = async (file: string) => (await snapshotIn(file)).entries;
  const write = (file: string, text: string) => writeFile(join(terminal.home, file), text);
  /** All contents but the cluster's uid: to watchers, a restored cluster is another one. */
  const contentsOf = async (file: string) =>
    (await entriesOf(file)).filter(({ key }) => key !== STORE_KEYS.identity);

  /** Exactly the tasks of `web` that the control plane says are running do run. */
  const runs = async (cluster: Cluster, replicas: number): Promise<void> => {
    await vi.waitFor(async () => {
      const { items } = await cluster.api.list('task', { fields: 'spec.service=web' });
      const alive = items.filter(({ status }) => !isFinal(status.state));
      expect(alive.map(({ status }) => status.state)).toEqual(Array(replicas).fill('running'));
      const lists = await Promise.all(
        cluster.nodes.map((node) => cluster.get(contracts.runtime, node).list()),
      );
      const running = lists.flat().filter(({ state }) => state === 'running');
      expect(running.map(({ task }) => task).sort()).toEqual(alive.map(({ meta }) => meta.name).sort());
      expect((await cluster.api.get('service', 'web')).status.ready).toBe(replicas);
    }, PATIENCE);
  };

  /** What all begins with: a cluster over LMDB, saved into `0.snap` while it runs. */
  const begin = async (): Promise<{ readonly uid: string; readonly secret: string | undefined }> => {
    await using cluster = await serve(lmdb('first'), 'shop');
    await cluster.api.apply({ kind: 'network', meta: { name: 'blue' } });
    await cluster.api.apply({
      kind: 'service',
      meta: { name: 'web', labels: { tier: 'front' } },
      spec: { replicas: 2, template: { image: 'web:1', labels: { TEXT } }, update: { monitorMs: 20 } },
    });
    const created = await ok('token create ci --role viewer', env(cluster));
    await runs(cluster, 2);
    await ok('snapshot save 0.snap', env(cluster));
    const { meta } = await cluster.api.get('service', 'web');
    return { uid: meta.uid, secret: /gantry_[A-Za-z0-9_-]{32,}/.exec(created)?.[0] };
  };

  test('a state goes from LMDB to etcd to NATS to LMDB: it stays the same, and a cluster works on with it everywhere', {
    timeout: 90_000,
  }, async () => {
    const { uid, secret } = await begin();
    let replicas = 2;
    for (const [index, place] of [inEtcd('shop'), inNats('shop'), lmdb('last')].entries()) {
      const [from, again, next] = [`${index}.snap`, `${index}-again.snap`, `${index + 1}.snap`];
      const { header } = await snapshotIn(from);
      expect(await ok(`snapshot restore ${from} --store ${place.text} --name shop`)).toBe(
        `${header.entries} entries restored from ${from}\n`,
      );
      await ok(`snapshot save ${again} --store ${place.text} --name shop`);
      expect(await contentsOf(again)).toEqual(await contentsOf(from));

      await using cluster = await serve(place, 'shop');
      await runs(cluster, replicas);
      replicas++;
      await cluster.api.scale('web', replicas);
      await runs(cluster, replicas);
      const { meta, spec } = await cluster.api.get('service', 'web');
      expect({ uid: meta.uid, labels: meta.labels }).toEqual({ uid, labels: { tier: 'front' } });
      expect(spec.template.labels).toEqual({ TEXT });
      expect((await cluster.api.get('network', 'blue')).meta.name).toBe('blue');
      expect(await ok('get services -o name', env(cluster, secret))).toBe('service/web\n');
      await ok(`snapshot save ${next}`, env(cluster));
      const inspected = JSON.parse(await ok(`snapshot inspect ${next} --output json`));
      const kinds: Record<string, number> = {};
      for (const { key } of await entriesOf(next)) {
        const [kind = ''] = key.split('/');
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
      expect(inspected).toMatchObject({ cluster: 'shop', entries: (await entriesOf(next)).length });
      expect(inspected.kinds).toEqual(kinds);
      expect(kinds).toMatchObject({ services: 1, networks: 1, nodes: 2, tokens: 1 });
      expect(kinds.tasks).toBeGreaterThanOrEqual(replicas);
    }
  });

  test('a store is overwritten only on request, and then has exactly the contents of the file', async () => {
    await write('full.snap', snapshotOf('full', 30));
    await write('other.snap', snapshotOf('full', 3, 'networks'));
    for (const place of [inEtcd('full'), inNats('full'), lmdb('full')]) {
      const into = `--store ${place.text} --name full`;
      await ok(`snapshot restore full.snap ${into}`);
      expect(await terminal.run(`snapshot restore other.snap ${into}`)).toMatchObject({
        code: 4,
        err: expect.stringMatching(/ALREADY_EXISTS[\s\S]*30 entries[\s\S]*--replace/),
      });
      await ok(`snapshot save kept.snap ${into}`);
      expect(await contentsOf('kept.snap')).toEqual(await contentsOf('full.snap'));
      await ok(`snapshot restore other.snap ${into} --replace`);
      await ok(`snapshot save replaced.snap ${into}`);
      expect(await contentsOf('replaced.snap')).toEqual(await contentsOf('other.snap'));
    }
  });

  test('a store whose control plane runs is not written to', async () => {
    await write('led.snap', snapshotOf('led', 3));
    const place = inEtcd('led');
    const into = `--store ${place.text} --name led`;
    const leads = /CONFLICT[\s\S]*s1-\S+ leads a cluster over this store/;
    {
      const preset = server({
        store: place.plugin(),
        bus: memoryBus(),
        identity: 's1',
        leaseMs: 500,
        logLevel: 'silent',
      });
      await using cluster = await createCluster(preset, { name: 'led', nodes: 0 });
      await vi.waitFor(() => expect(cluster.leads).toBe(true), PATIENCE);
      expect(await terminal.run(`snapshot restore led.snap ${into}`)).toMatchObject({
        code: 4,
        err: expect.stringMatching(leads),
      });
      const replacing = await terminal.run(`snapshot restore led.snap ${into} --replace`);
      expect(replacing).toMatchObject({ code: 4, err: expect.stringMatching(leads) });
    }
    const after = await terminal.run(`snapshot restore led.snap ${into}`);
    expect(after).toMatchObject({ code: 4, err: expect.stringContaining('ALREADY_EXISTS') });
    await ok(`snapshot restore led.snap ${into} --replace`);
  });

  test('a file that is damaged, cut, or of another kind is rejected with its line, and nothing is written', async () => {
    const whole = snapshotOf('hurt', 30);
    const lines = whole.split('\n');
    const hurt = {
      'one letter is another': [whole.replace('"name-117"', '"name-171"'), /line 32: it is damaged/],
      'cut within a line': [whole.slice(0, whole.length / 2), /line \d+: .*truncated or damaged/],
      'cut after a line': [`${lines.slice(0, 20).join('\n')}\n`, /line 20: its end is missing/],
      'a line is missing': [[...lines.slice(0, 5), ...lines.slice(6)].join('\n'), /line 31: it is damaged/],
      'nothing in it': ['', /line 1: /],
      'something else': ['{"some":"json"}\n', /line 1: it is not a snapshot of Gantry/],
      'binary data': ['\u0000\u0001\ufffd', /line 1: /],
      'a newer format': [
        snapshotOf('hurt', 3).replace('"format":1', '"format":2'),
        /line 1: its format is 2; this version reads format 1/,
      ],
    } as const;
    for (const [what, [text, why]] of Object.entries(hurt)) {
      await write('hurt.snap', text);
      for (const line of [
        'snapshot inspect hurt.snap',
        `snapshot restore hurt.snap --store ${inEtcd('hurt').text} --name hurt`,
        'snapshot restore hurt.snap --store lmdb:hurt',
      ]) {
        const ran = await terminal.run(line);
        expect({ what, line, ...ran }).toMatchObject({ what, line, code: 1 });
        expect(ran.err).toMatch(/INVALID_OBJECT/);
        expect(ran.err).toMatch(why);
      }
    }
    expect(await terminal.run('snapshot restore none.snap --store lmdb:hurt')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/NOT_FOUND none\.snap cannot be read/),
    });
    await ok('snapshot save empty.snap --store lmdb:hurt');
    await ok(`snapshot save empty-etcd.snap --store ${inEtcd('hurt').text} --name hurt`);
    expect(await entriesOf('empty.snap')).toEqual([]);
    expect(await entriesOf('empty-etcd.snap')).toEqual([]);
  });

  test('a state of a newer version than the program knows is not restored', async () => {
    const newer = snapshotOf('newer', 3).split('\n')[1] as string;
    const entries = [JSON.parse(newer), { key: STORE_KEYS.schema, value: { version: 99 } }];
    await write('newer.snap', textOf('newer', entries, 99));
    expect(JSON.parse(await ok('snapshot inspect newer.snap -o json'))).toMatchObject({ schema: 99 });
    for (const place of [inEtcd('newer'), inNats('newer'), lmdb('newer')]) {
      const ran = await terminal.run(`snapshot restore newer.snap --store ${place.text} --name newer`);
      expect(ran.err).toMatch(/UNSUPPORTED[\s\S]*version 99, and this program knows versions up to \d/);
    }
  });
});

function snapshotOf(cluster: string, count: number, kind = 'services'): string {
  const entries = Array.from({ length: count }, (_, index) => ({
    key: `${kind}/name-${100 + index}`,
    value: { index, name: `name-${100 + index}` },
  }));
  return textOf(cluster, entries);
}

function textOf(cluster: string, entries: Snapshot['entries'], schema?: number): string {
  const header = {
    gantry: 'snapshot',
    format: 1,
    ...(schema !== undefined && { schema }),
    cluster,
    takenAt: '2026-01-01T00:00:00.000Z',
    revision: 7,
    entries: entries.length,
  } as const;
  return [...snapshotLines({ header, entries }, createHash('sha256'))].join('');
}
