import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Bytes of the one layer of the image `slow`; random, so that they do not shrink. */
const LAYER_BYTES = 4_000_000;
/** Sent every 50 ms until `release`, so that the engine notices a broken download. */
const DRIP_BYTES = 2_000;
const V2 = 'application/vnd.docker.distribution.manifest.v2+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

export interface Registry {
  /** `127.0.0.1:port`: the engine speaks HTTP to it. */
  readonly host: string;
  /** Number of downloads of the layer of `slow` that have begun. */
  readonly downloads: () => number;
  /** Lets the downloads of `slow` finish. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/**
 * A registry whose repositories fail, each in its own way: `missing`, `private`, `denied`, `arm`, `broken`, `busy`; and one,
 * `slow`, with an image whose download is slow.
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
  let downloads = 0;
  let released = false;
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
    let sent = 0;
    const drip = setInterval(() => {
      if (response.destroyed) return clearInterval(drip);
      const next = released ? layer.length : Math.min(sent + DRIP_BYTES, layer.length / 2);
      response.write(layer.subarray(sent, next));
      sent = next;
      if (sent < layer.length) return;
      clearInterval(drip);
      response.end();
    }, 50);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    downloads: () => downloads,
    release: () => {
      released = true;
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
