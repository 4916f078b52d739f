/**
 * Waits for the end of its standard input, which comes however the test ends, and clears away what a test may leave that
 * lets agents die: their tasks, agents, the NATS server, folders. Its argument is a `Guarded` as JSON.
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';

/** @type {import('./guard.ts').Guarded} */
const { cluster, runtime, folders } = JSON.parse(process.argv[2] ?? '');
await text(process.stdin);

/** @param {string} file */
const read = (file) => {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return [];
  }
};
/** @param {string} pid */
const isTheirs = (pid) =>
  read(`/proc/${pid}/cmdline`).some((word) => folders.includes(word) || word.includes(`"${cluster}"`)) ||
  read(`/proc/${pid}/environ`).some((line) =>
    folders.some((dir) => line.startsWith(`GANTRY_TASK_DIR=${dir}/`)),
  );
const theirs = () =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && isTheirs(pid));

// Whoever was about to start another one is gone after the first turn.
for (let found = theirs(); found.length > 0; found = theirs()) {
  for (const pid of found) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}
if (runtime === 'docker') {
  const docker = new Docker();
  const filters = { label: [`gantry.cluster=${cluster}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await docker.listNetworks({ filters: JSON.stringify(filters) }))
    await docker.getNetwork(Id).remove();
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
