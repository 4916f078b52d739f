/**
 * A program that serves an embedded cluster until it is killed: port and settings are its arguments, the URL is its
 * first line of output. Told to write, it changes networks one after another, and numbers the changes.
 */
import { apiEndpoint, apiServer } from '@gantry/api';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { ADMIN_TOKEN, WIDE } from './served.ts';

export interface Write {
  readonly objects: number;
  readonly perSecond: number;
  readonly ms: number;
  /** How many labels of 250 characters each object has besides. */
  readonly padding?: number;
}

const [port = '0', historyBytes = '16777216'] = process.argv.slice(2);
const limits = { ...WIDE, watchHistoryBytes: Number(historyBytes) };
const server = apiServer({ listen: { port: Number(port) }, adminToken: ADMIN_TOKEN, limits });
const cluster = await createCluster([...fakeCluster({ logLevel: 'error' }), server], { nodes: 1 });
const { api } = cluster;
console.log(cluster.get(apiEndpoint).url);

process.on('message', (write: Write) => {
  void change(write).then((result) => process.send?.(result));
});

async function change({ objects, perSecond, ms, padding = 0 }: Write): Promise<object> {
  const pad = Array.from({ length: padding }, (_, index) => [`p${index}`, 'x'.repeat(250)]);
  const extra: Record<string, string> = Object.fromEntries(pad);
  for (let index = 0; index < objects; index++) {
    await api.apply({
      kind: 'network',
      meta: { name: `n-${index}`, labels: { tick: '0', at: '0', ...extra } },
      spec: {},
    });
  }
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let ticks = 0;
  let rss = process.memoryUsage.rss();
  for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - begun) {
    const due = Math.floor((elapsed / 1000) * perSecond);
    while (ticks < due) {
      const labels = { tick: String(++ticks), at: String(Date.now()) };
      await api.patch('network', `n-${ticks % objects}`, { meta: { labels } });
      // A commit is not a turn of the event loop, but watchers need some turns as well.
      if (ticks % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    rss = Math.max(rss, process.memoryUsage.rss());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    ticks,
    perSecond: ticks / seconds,
    cpu: (user + system) / 1e6 / seconds,
    rssMiB: rss / 1024 / 1024,
  };
}
