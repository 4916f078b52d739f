import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type ClusterApiCase, follow, is, serviceOf } from './subject.ts';

const names = (items: readonly { readonly meta: { readonly name: string } }[]): string => {
  return items.map(({ meta }) => meta.name).join(' ');
};

export const readCases: readonly ClusterApiCase[] = [
  {
    name: 'info returns the kinds, and one uid for the life of the cluster',
    async run({ api }) {
      const info = await api.info();
      ok(info.uid.length > 0, 'a cluster has a uid');
      const service = info.kinds.find(({ kind }) => kind === 'service');
      deepStrictEqual([service?.plural, service?.namespaced, service?.writable], ['services', true, true]);
      strictEqual((await api.info()).uid, info.uid);
    },
  },
  {
    name: 'servers are listed by name with their state, and one of them leads',
    async run({ api }) {
      const servers = await api.servers();
      strictEqual(names(servers), [...servers.map(({ meta }) => meta.name)].sort().join(' '));
      strictEqual(servers.filter(({ status }) => status.role === 'leader').length, 1, 'one leader');
      const [leader] = servers.filter(({ status }) => status.role === 'leader');
      deepStrictEqual([leader?.kind, leader?.status.state], ['server', 'ready']);
      ok((leader?.status.version ?? '') !== '', 'its version');
      ok(Number.isFinite(leader?.meta.createdAt) && Number.isFinite(leader?.status.lastSeenAt), 'its times');
      ok(Array.isArray(leader?.status.urls), 'its URLs');
      strictEqual((await api.servers())[0]?.meta.uid, servers[0]?.meta.uid);
      await rejects(api.servers({ signal: AbortSignal.abort() }), is('ABORTED'));
    },
  },
  {
    name: 'a missing object is NOT_FOUND in every call that names it',
    async run({ api, commands }) {
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        get: () => api.get('service', 'none'),
        delete: () => api.delete('service', 'none'),
        scale: () => api.scale('none', 1),
        rollback: () => api.rollback('none'),
        restart: () => api.restart('none'),
        setAvailability: () => api.setAvailability('none', 'drain'),
        explain: () => api.explain('task', 'none'),
        exec: () => api.exec('none', { command: commands.exits(0) }),
        logs: async () => {
          for await (const _lines of api.logs({ service: 'none' }));
        },
      };
      for (const [name, call] of Object.entries(calls)) await rejects(call(), is('NOT_FOUND'), name);
    },
  },
  {
    name: 'a list is sorted, and labels and fields select from it',
    async run({ api, workloads }) {
      for (const name of ['c', 'a', 'b']) {
        const labels = { tier: name === 'b' ? 'back' : 'front' };
        await api.apply(serviceOf(name, workloads.runs, { replicas: 0 }, { labels }));
      }
      strictEqual(names((await api.list('service')).items), 'a b c');
      strictEqual(names((await api.list('service', { labels: 'tier=front' })).items), 'a c');
      strictEqual(names((await api.list('service', { fields: 'meta.name!=a' })).items), 'b c');
      await rejects(api.list('service', { labels: '=,=' }), is('INVALID_OBJECT'));
    },
  },
  {
    name: 'a selector of 4,096 characters is accepted, and a longer one is INVALID_OBJECT',
    async run({ api, workloads }) {
      await api.apply(serviceOf('a', workloads.runs, { replicas: 0 }));
      const longest = `!${'x'.repeat(4095)}`;
      for (const by of ['labels', 'fields'] as const) {
        strictEqual(names((await api.list('service', { [by]: longest })).items), 'a');
        await rejects(api.list('service', { [by]: `${longest}x` }), is('INVALID_OBJECT'));
        await rejects(api.list('service', { [by]: 'a in (b,'.repeat(512) }), is('INVALID_OBJECT'));
      }
    },
  },
  {
    name: 'a list comes in pages, and each object once',
    async run({ api, workloads }) {
      for (const name of ['a', 'b', 'c']) await api.apply(serviceOf(name, workloads.runs, { replicas: 0 }));
      const first = await api.list('service', { limit: 2 });
      const second = await api.list('service', { limit: 2, continue: first.continue });
      deepStrictEqual([names(first.items), names(second.items), second.continue], ['a b', 'c', undefined]);
    },
  },
  {
    name: 'a watch delivers existing objects as added, and then every change, in order',
    async run({ api, workloads }, context) {
      await api.apply(serviceOf('a', workloads.runs, { replicas: 0 }));
      const watched = follow(api.watch('network', { signal: context.signal }));
      const services = follow(api.watch('service', { signal: context.signal }));
      await context.until(() => services.seen.includes('added a'), 'the service that is there');
      await api.apply({ kind: 'network', meta: { name: 'n' } });
      await api.apply({ kind: 'network', meta: { name: 'n', labels: { x: 'y' } } });
      await api.delete('network', 'n');
      await context.until(() => watched.seen.length >= 3, 'three events');
      deepStrictEqual(watched.seen, ['added n', 'modified n', 'deleted n']);
      strictEqual(watched.error, undefined);
    },
  },
  {
    name: 'a watch since a list misses nothing and repeats nothing, whoever writes meanwhile',
    async run({ api }, context) {
      const write = (index: number) => api.apply({ kind: 'network', meta: { name: `n${index}` } });
      const writing = (async () => {
        for (let index = 0; index < 30; index++) await write(index);
      })();
      await context.until(async () => (await api.list('network')).items.length >= 10, 'ten networks');
      const { items, revision } = await api.list('network');
      const watched = follow(api.watch('network', { since: revision, signal: context.signal }));
      await context.within(writing, 'the writer');
      const wanted = 30 - items.length;
      await context.until(() => watched.seen.length >= wanted, `${wanted} events`);
      await write(30);
      await context.until(() => watched.seen.includes('added n30'), 'the last event');
      const told = new Set([...items.map(({ meta }) => `added ${meta.name}`), ...watched.seen]);
      deepStrictEqual([told.size, items.length + watched.seen.length], [31, 31]);
    },
  },
  {
    name: 'a watch with selectors reports an object that no longer matches as deleted',
    async run({ api }, context) {
      const put = (x: string) => api.apply({ kind: 'network', meta: { name: 'n', labels: { x } } });
      const watched = follow(api.watch('network', { labels: 'x=1', signal: context.signal }));
      for (const value of ['1', '2', '1']) await put(value);
      await context.until(() => watched.seen.length >= 3, 'three events');
      deepStrictEqual(watched.seen, ['added n', 'deleted n', 'added n']);
    },
  },
  {
    name: 'a watch ends without an error when its signal fires',
    async run({ api }, context) {
      const stop = new AbortController();
      const watched = follow(api.watch('network', { signal: stop.signal }));
      await api.apply({ kind: 'network', meta: { name: 'n' } });
      await context.until(() => watched.seen.length > 0, 'the first event');
      stop.abort();
      await context.until(() => watched.ended, 'the watch to end');
      strictEqual(watched.error, undefined);
    },
  },
  {
    name: 'two watches of one kind both receive everything',
    async run({ api }, context) {
      const both = [0, 1].map(() => follow(api.watch('network', { signal: context.signal })));
      for (let index = 0; index < 5; index++)
        await api.apply({ kind: 'network', meta: { name: `n${index}` } });
      await context.until(() => both.every(({ seen }) => seen.length >= 5), 'five events each');
      deepStrictEqual(both[0]?.seen, both[1]?.seen);
    },
  },
  {
    name: 'a call whose signal has fired is ABORTED',
    async run({ api }) {
      const signal = AbortSignal.abort();
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        info: () => api.info({ signal }),
        get: () => api.get('node', 'node-1', { signal }),
        list: () => api.list('node', { signal }),
        apply: () => api.apply({ kind: 'network', meta: { name: 'n' } }, { signal }),
        wait: () => api.wait('service', 'none', 'Available', { signal }),
        stats: () => api.stats({ signal }),
      };
      for (const [name, call] of Object.entries(calls)) await rejects(call(), is('ABORTED'), name);
      deepStrictEqual((await api.list('network')).items, []);
    },
  },
];
