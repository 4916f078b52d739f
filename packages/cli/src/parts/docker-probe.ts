import { request } from 'node:http';

/** The version that a Docker engine reports, or why it did not answer. */
export type DockerProbe =
  | { readonly found: true; readonly host: string; readonly version: string; readonly apiVersion: string }
  | { readonly found: false; readonly host: string; readonly reason: string };

/** Queries the version of the engine at DOCKER_HOST, or at the default socket. */
export function probeDocker(
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs = 2000,
): Promise<DockerProbe> {
  const host = env.DOCKER_HOST || 'unix:///var/run/docker.sock';
  const where = endpoint(host);
  if (where === undefined)
    return Promise.resolve({ found: false, host, reason: 'its address is not understood' });
  return new Promise((resolve) => {
    const missing = (reason: string): void => resolve({ found: false, host, reason });
    const call = request({ ...where, path: '/version', timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => missing(error.message));
      response.on('end', () => {
        if (response.statusCode !== 200) return missing(`it answered ${response.statusCode}`);
        try {
          const { Version, ApiVersion } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<
            string,
            string
          >;
          resolve({ found: true, host, version: Version ?? '?', apiVersion: ApiVersion ?? '?' });
        } catch {
          missing('its answer is not that of a Docker engine');
        }
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.on('error', (error) => missing(error.message));
    call.end();
  });
}

function endpoint(host: string): { socketPath: string } | { host: string; port: number } | undefined {
  if (!URL.canParse(host)) return undefined;
  const url = new URL(host);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  if (url.protocol !== 'tcp:' && url.protocol !== 'http:') return undefined;
  return { host: url.hostname, port: Number(url.port || 2375) };
}
