import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type Side, VALUE_TEXT } from './side.ts';

const PROTO = new URL('../../../plugins/store-etcd/proto/etcd.proto', import.meta.url);
const PREFIX = '/raw/';
const VALUE = Buffer.from(VALUE_TEXT);

interface Method<Answer> {
  readonly path: string;
  readonly requestSerialize: (question: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

interface Told {
  readonly created?: boolean;
  readonly events?: readonly unknown[];
}

/** etcd's own requests, one per operation, without anything around them. */
export function rawEtcd(host: string): Side {
  const service = loadServices();
  const options = { 'grpc.max_receive_message_length': -1 };
  const client = new Client(host, credentials.createInsecure(), options);
  const watchClient = new Client(host, credentials.createInsecure(), {
    ...options,
    'grpc.use_local_subchannel_pool': 1,
  });
  const ask = <Answer>(name: string, question: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = service('KV', name) as Method<Answer>;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, question, (error, answer) => {
        if (error === null) resolve(answer as Answer);
        else reject(error);
      });
    });
  const keyOf = (key: string): Buffer => Buffer.from(PREFIX + key);
  const rangeOf = (prefix: string) => {
    const rangeEnd = keyOf(prefix);
    rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) as number) + 1;
    return { key: keyOf(prefix), rangeEnd };
  };
  return {
    async put(key) {
      await ask('Put', { key: keyOf(key), value: VALUE });
    },
    async batch(keys) {
      const success = keys.map((key) => ({ requestPut: { key: keyOf(key), value: VALUE } }));
      await ask('Txn', { compare: [], success, failure: [] });
    },
    async list(prefix) {
      const { kvs = [] } = await ask<{ kvs?: readonly unknown[] }>('Range', rangeOf(prefix));
      return kvs.length;
    },
    async watch(prefix, hear) {
      const { path, requestSerialize, responseDeserialize } = service('Watch', 'Watch') as Method<Told>;
      const stream = watchClient.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        new Metadata(),
      );
      await new Promise<void>((resolve, reject) => {
        stream.on('error', reject);
        stream.on('data', ({ created, events }: Told) => {
          if (created === true) resolve();
          if (events !== undefined) hear(events.length);
        });
        stream.write({ createRequest: rangeOf(prefix) });
      });
      return () => stream.cancel();
    },
    async [Symbol.asyncDispose]() {
      client.close();
      watchClient.close();
    },
  };
}

/** The services of the store's own file, plus a put, which the store never uses. */
function loadServices(): (service: string, method: string) => unknown {
  const text = readFileSync(PROTO, 'utf8');
  const put = 'rpc Put(PutRequest) returns (PutResponse);';
  const message = 'message PutResponse {\n  ResponseHeader header = 1;\n}';
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    const file = join(folder, 'etcd.proto');
    writeFileSync(file, `${text.replace('service KV {', `service KV {\n  ${put}`)}\n${message}\n`);
    const found = loadSync(file, { longs: Number }) as unknown as Record<string, Record<string, unknown>>;
    return (service, method) => found[`etcdserverpb.${service}`]?.[method];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
