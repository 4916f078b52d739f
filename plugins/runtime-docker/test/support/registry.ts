import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Bytes of the one layer of the image `slow`; random, so that they do not shrink. */
const LAYER_BYTES = 3_000_000;
const V2 = 'application/vnd.docker.distribution.manifest.v2+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

export interface Registry {
  /** `127.0.0.1:port`: the engine speaks HTTP to it. */
  readonly host: string;
  /** Downloads of the layer of `slow` that were broken off by the engine. */
  readonly brokenOff: () => number;
  readonly downloads: () => number;
  /** Lets the downloads of `slow` go on beyond their first half. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry whose repositories fail, each in its own way: `missing`, `private`, `denied`, `arm`, `broken`, `busy`; and one,
 * `slow`, with an image whose download pauses half-way.
 */
export async function startRegistry(tar: (content: Buffer) => Buffer): Promise<Registry> {
  const diff = tar(randomBytes(LAYER_BYTES));
  const layer = gzipSync(diff, { level: 1 });
  const rootfs = { type: 'layers', diff_ids: [digest(diff)] };
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['x'] }, rootfs }),
  );
  const blob = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    size: bytes.length,
    digest: digest(bytes),
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: V2,
    config: blob('application/vnd.docker.container.image.v1+json', config),
    layers: [blob('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  });
  const arm = JSON.stringify({
    schemaVersion: 2,
    mediaType: LIST,
    manifests: [
      { ...blob(V2, Buffer.from(manifest)), platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
    ],
  });
  let [brokenOff, downloads] = [0, 0];
  let released = false;
  const waiting: (() => void)[] = [];
  const fail = (response: ServerResponse, status: number, code: string): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] }));
  };
  const send = (response: ServerResponse, type: string, body: Buffer): void => {
    response.writeHead(200, {
      'content-type': type,
      'content-length': body.length,
      'docker-content-digest': digest(body),
    });
    response.end(body);
  };
  const server = createServer((request, response) => {
    const { url = '' } = request;
    if (url === '/v2/') return send(response, 'application/json', Buffer.from('{}'));
    if (url.includes('/private/')) return fail(response, 401, 'UNAUTHORIZED');
    if (url.includes('/denied/')) return fail(response, 403, 'DENIED');
    if (url.includes('/busy/')) return fail(response, 429, 'TOOMANYREQUESTS');
    if (url.includes('/broken/')) return fail(response, 503, 'UNAVAILABLE');
    if (url.includes('/arm/manifests/')) return send(response, LIST, Buffer.from(arm));
    if (url.includes('/slow/manifests/')) return send(response, V2, Buffer.from(manifest));
    if (url.endsWith(digest(config))) return send(response, 'application/octet-stream', config);
    if (!url.endsWith(digest(layer))) return fail(response, 404, 'MANIFEST_UNKNOWN');
    downloads++;
    response.writeHead(200, { 'content-length': layer.length });
    response.write(layer.subarray(0, layer.length / 2));
    response.on('close', () => {
      if (!response.writableFinished) brokenOff++;
    });
    const rest = (): void => void response.end(layer.subarray(layer.length / 2));
    if (released) rest();
    else waiting.push(rest);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    brokenOff: () => brokenOff,
    downloads: () => downloads,
    release: () => {
      released = true;
      for (const next of waiting.splice(0)) next();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A tar archive with one file. */
export function tarOf(dir: string): Buffer {
  return execFileSync('tar', ['-C', dir, '-c', '.'], { maxBuffer: 1 << 26 });
}
