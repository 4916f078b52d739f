import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { type Side, VALUE_TEXT } from './side.ts';

const BUCKET = 'raw';

/** NATS knows prefixes by whole tokens only. */
const tokens = (key: string): string => key.replaceAll('/', '.');

/**
 * Writes are those of `@nats-io/kv`, a publish that expects the last sequence of its subject, without its lookup of the
 * key; reads are `@nats-io/kv`.
 */
export async function rawNats(server: string): Promise<Side> {
  const connection = await connect({ servers: server });
  const js = jetstream(connection);
  const kv = await new Kvm(js).create(BUCKET);
  const sequences = new Map<string, number>();
  const put = async (key: string): Promise<void> => {
    const expect = { lastSubjectSequence: sequences.get(key) ?? 0 };
    const { seq } = await js.publish(`$KV.${BUCKET}.${tokens(key)}`, VALUE_TEXT, { expect });
    sequences.set(key, seq);
  };
  return {
    put,
    async batch(keys) {
      await Promise.all(keys.map(put));
    },
    async list(prefix) {
      let count = 0;
      const all = await kv.watch({ key: `${tokens(prefix)}>` });
      for await (const { delta = 0 } of all) {
        count++;
        if (delta === 0) break;
      }
      return count;
    },
    async watch(prefix, hear) {
      const events = await kv.watch({ key: `${tokens(prefix)}>`, include: 'updates' });
      void (async () => {
        for await (const event of events) if (event.operation === 'PUT') hear(1);
      })();
      return () => events.stop();
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
