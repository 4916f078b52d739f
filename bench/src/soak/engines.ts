/** Figures reported by the engines. */
export interface EngineSample {
  readonly [measure: string]: number;
}

interface Accounts {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly state: { readonly last_seq: number } }[];
  }[];
}

const MIB = 2 ** 20;

/** Figures of nats-server, from its monitoring port. */
export async function natsSample(port: number): Promise<EngineSample> {
  const ask = async <T = Record<string, number>>(path: string): Promise<T> =>
    (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as T;
  const [about, subs, jetstream, { account_details: accounts = [] }] = await Promise.all([
    ask('/varz'),
    ask('/subsz'),
    ask('/jsz'),
    ask<Accounts>('/jsz?accounts=true&streams=true'),
  ]);
  const sequences = accounts.flatMap(({ stream_detail: streams = [] }) =>
    streams.map(({ state }) => state.last_seq),
  );
  const of = (from: Record<string, number>, name: string): number => from[name] ?? 0;
  return {
    'nats.connections': of(about, 'connections'),
    'nats.subscriptions': of(subs, 'num_subscriptions'),
    'nats.slowConsumers': of(about, 'slow_consumers'),
    'jetstream.streams': of(jetstream, 'streams'),
    'jetstream.consumers': of(jetstream, 'consumers'),
    'jetstream.messages': of(jetstream, 'messages'),
    'jetstream.MiB': of(jetstream, 'bytes') / MIB,
    'jetstream.writes': sequences.reduce((all, last) => all + last, 0),
  };
}

/** The connections of a nats-server, with their number of subscriptions: for diagnosis if there are too many. */
export async function natsConnections(port: number): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/connz?subs=1&limit=1024`);
  const { connections = [] } = (await answer.json()) as {
    connections?: readonly { name?: string; cid: number; subscriptions_list?: readonly string[] }[];
  };
  return connections.map(
    ({ name = '', cid, subscriptions_list: list = [] }) => `${name} ${cid}: ${list.toSorted().join(' ')}`,
  );
}

/** Figures of etcd, from its Prometheus metrics. */
export async function etcdSample(url: string): Promise<EngineSample> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const of = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    'etcd.sizeMiB': of('etcd_mvcc_db_total_size_in_bytes') / MIB,
    'etcd.inUseMiB': of('etcd_mvcc_db_total_size_in_use_in_bytes') / MIB,
    'etcd.keys': of('etcd_debugging_mvcc_keys_total'),
    'etcd.watchers': of('etcd_debugging_mvcc_watcher_total'),
    'etcd.fds': of('process_open_fds'),
  };
}
