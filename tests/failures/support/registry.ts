import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** An image registry with one image for another architecture, one that is private, and no others. */
export async function openRegistry(): Promise<{ readonly address: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const answer = (status: number, headers: Record<string, string>, body: string): void => {
      response.writeHead(status, { 'Docker-Distribution-Api-Version': 'registry/2.0', ...headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const error = (status: number, code: string, headers: Record<string, string> = {}): void =>
      answer(
        status,
        { 'Content-Type': 'application/json', ...headers },
        JSON.stringify({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] }),
      );
    const path = request.url ?? '';
    if (path === '/v2/') answer(200, {}, '{}');
    else if (path.startsWith('/v2/private/'))
      error(401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="test"' });
    else if (path.startsWith('/v2/arm/manifests/')) {
      const digest = `sha256:${createHash('sha256').update('arm').digest('hex')}`;
      const platform = { architecture: 's390x', os: 'linux' };
      const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: LIST,
        manifests: [{ mediaType, size: 100, digest, platform }],
      });
      const own = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      answer(
        200,
        { 'Content-Type': LIST, 'Docker-Content-Digest': own, 'Content-Length': String(body.length) },
        body,
      );
    } else error(404, 'MANIFEST_UNKNOWN');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
