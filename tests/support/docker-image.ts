import { execFileSync } from 'node:child_process';

const docker = (...args: readonly string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Makes an image of a container that is created from the image of busybox with these flags and this command. */
export function commitImage(name: string, flags: readonly string[], command: readonly string[]): void {
  const container = docker('create', ...flags, 'gantry-test/busybox:1', ...command);
  docker('commit', container, name);
  docker('rm', container);
}
