import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A node whose containers of a service are killed as soon as they have started, until the test is over. */
export function killOnNode(service: string, node: string): AsyncDisposable {
  const filters = ['event=start', `label=gantry.service=${service}`, `label=gantry.node=${node}`];
  const since = Math.floor(Date.now() / 1000);
  const events = spawn(
    'docker',
    [
      'events',
      '--since',
      String(since),
      '--format',
      '{{.ID}}',
      ...filters.flatMap((one) => ['--filter', one]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  createInterface(events.stdout).on('line', (id) => execFile('docker', ['kill', id], () => undefined));
  return {
    [Symbol.asyncDispose]: async () => {
      events.kill();
    },
  };
}
