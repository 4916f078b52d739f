import { GantryError } from '@gantry/core';
import { counted } from '@gantry/core/primitives';
import type { Bucket, StreamConfig, StreamInfo } from './bucket.ts';
import type { Settings } from './options.ts';

/** Maximum size of a message's headers, in addition to the value. */
const HEADER_BYTES = 1000;

/**
 * Finds the bucket or creates it.
 *
 * @throws `UNSUPPORTED` for a bucket that cannot give the store's guarantees, and any error of the server.
 */
export async function openBucket(
  bucket: Bucket,
  settings: Pick<Settings, 'replicas' | 'history'>,
  maxValueBytes: number,
): Promise<StreamInfo> {
  const { replicas, history } = settings;
  const info = (await bucket.find()) ?? (await create(bucket, replicas, history));
  const wrong = whatIsWrong(info.config, bucket.name, replicas, maxValueBytes);
  if (wrong === undefined) return info;
  const message = `store-nats: the bucket "${bucket.name}" cannot be used: ${wrong}`;
  throw new GantryError('UNSUPPORTED', message, { details: { bucket: bucket.name } });
}

/** Creates the bucket. If several processes do so concurrently with different settings, the first wins. */
async function create(bucket: Bucket, replicas: number, history: number): Promise<StreamInfo> {
  try {
    return await bucket.create(replicas, history);
  } catch (error) {
    const found = await bucket.find();
    if (found === undefined) throw error;
    return found;
  }
}

/** Why the settings of a bucket are unsuitable. */
export function whatIsWrong(
  config: StreamConfig,
  name: string,
  replicas: number,
  maxValueBytes: number,
): string | undefined {
  const { subjects = [], max_msg_size: size = -1, num_replicas: has } = config;
  if (config.storage !== 'file') return `it lies in ${config.storage}, not in files`;
  if (config.mirror !== undefined || (config.sources ?? []).length > 0) return 'it is a copy of another one';
  if (subjects.length !== 1 || subjects[0] !== `$KV.${name}.>`) return 'it is not a key-value bucket';
  if (config.max_msgs_per_subject < 1) return 'it is not a key-value bucket: it keeps every value of a key';
  if (config.retention !== 'limits') return `its retention is "${config.retention}"`;
  if (config.discard !== 'new') return 'it throws away old keys when it is full';
  if (config.max_age > 0) return 'its keys expire';
  if (config.no_ack === true) return 'it does not confirm writes';
  if (config.sealed === true) return 'it is sealed';
  const needed = maxValueBytes + HEADER_BYTES;
  if (size !== -1 && size < needed) return `it takes messages of ${size} bytes, ${needed} are needed`;
  if (has < replicas) return `it has ${has} of the ${counted(replicas, 'requested replica')}`;
  return undefined;
}

/**
 * Whether replicated buckets of a server may lose confirmed writes when a server of its cluster crashes: servers before
 * 2.9.21 check expectations too early (nats-server 4320), and their leaders lose count (4365).
 */
export function losesReplicated(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major < 2 || (major === 2 && (minor < 9 || (minor === 9 && patch < 21)));
}

/**
 * Checks that a server is new enough and accepts messages that are long enough.
 *
 * @throws `UNSUPPORTED`
 */
export function checkServer(
  info: { readonly version: string; readonly max_payload: number; readonly jetstream?: boolean } | undefined,
  maxValueBytes: number,
): void {
  const { version = '0.0.0', max_payload: most = 0 } = info ?? {};
  const refuse = (what: string): never => {
    const message = `store-nats: the server ${what}`;
    throw new GantryError('UNSUPPORTED', message, { details: { version, max_payload: most } });
  };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 9)) refuse(`is version ${version}; 2.9 or newer is needed`);
  const needed = maxValueBytes + HEADER_BYTES;
  if (most < needed) refuse(`takes messages of ${most} bytes (max_payload), ${needed} are needed`);
}
