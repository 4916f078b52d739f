import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';

/** Says so and ends, if there is no Docker engine to run containers in. */
export function needDocker(): void {
  const { status, stderr, error } = spawnSync('docker', ['version'], { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`this example needs a Docker engine: ${(error?.message ?? stderr).trim()}`);
}

/** Returns an unused port. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Containers and networks that a cluster has left in the engine. */
export function leftovers(cluster: string): readonly string[] {
  const label = `label=gantry.cluster=${cluster}`;
  const list = (...args: string[]): string[] =>
    execFileSync('docker', [...args, '--filter', label], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '');
  return [
    ...list('ps', '--all', '--format', 'container {{.Names}}'),
    ...list('network', 'ls', '--format', 'network {{.Name}}'),
  ];
}

/** Whether a process runs; one that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
  } catch {
    return false;
  }
}
