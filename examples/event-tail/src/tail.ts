/**
 * Prints what happens in a cluster, one line for each CloudEvent. It knows nothing of Gantry: any NATS client can follow.
 *
 *     node --import tsx src/tail.ts nats://127.0.0.1:4222 [cluster]
 */
import { connect } from '@nats-io/transport-node';

const [servers = 'nats://127.0.0.1:4222', cluster = '*'] = process.argv.slice(2);
const nats = await connect({ servers });
process.once('SIGTERM', () => void nats.drain());
process.once('SIGINT', () => void nats.drain());

// gantry.<cluster>.events.<namespace>.<kind>.<reason>
const news = nats.subscribe(`gantry.${cluster}.events.>`);
await nats.flush();
console.log(`following ${news.getSubject()} at ${servers}; Ctrl-C ends it`);
for await (const message of news) {
  const { time, type, subject, data } = message.json<{
    time: string;
    type: string;
    subject: string;
    data: { message?: string };
  }>();
  console.log([time, type.replace('io.gantry.', ''), subject, data.message ?? ''].join('  ').trimEnd());
}
