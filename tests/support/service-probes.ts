import { accessSync, constants, statSync } from 'node:fs';
import { request } from 'node:http';
import { delimiter, isAbsolute, resolve } from 'node:path';

/** The outside services a test can ask for. */
export type ServiceName = 'docker' | 'etcd' | 'nats' | 'haproxy' | 'tmux';

/** Undefined if the service can be used, otherwise a text that says why it cannot. */
export type Missing = string | undefined;

/** For each service: null if it can be used, otherwise the reason. JSON, as it crosses to the workers. */
export type ServiceReport = Readonly<Record<ServiceName, string | null>>;

/** Where a program lies on PATH, or undefined. A path to one is itself. */
export function onPath(program: string): string | undefined {
  const folders = isAbsolute(program)
    ? ['/']
    : [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (folder === '') continue;
    const file = resolve(folder, program);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here: the next folder may have it.
    }
  }
  return undefined;
}

const binary = (program: string): Missing => (onPath(program) ? undefined : `${program} is not on PATH`);

/** Pings the engine at DOCKER_HOST, or at its usual socket. */
function docker(timeoutMs = 3_000): Promise<Missing> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const url = new URL(host);
  const where =
    url.protocol === 'unix:'
      ? { socketPath: url.pathname }
      : { host: url.hostname, port: Number(url.port || 2375) };
  return new Promise((resolve) => {
    const call = request({ ...where, path: '/_ping', timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? undefined : `${host} answered ${response.statusCode}`);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.on('error', (error) => resolve(`no Docker engine at ${host}: ${error.message}`));
    call.end();
  });
}

/** Looks for every service. */
export async function probeServices(): Promise<ServiceReport> {
  return {
    docker: (await docker()) ?? null,
    etcd: binary('etcd') ?? null,
    nats: binary('nats-server') ?? null,
    haproxy: binary('haproxy') ?? null,
    tmux: binary('tmux') ?? null,
  };
}
