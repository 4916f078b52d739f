/**
 * Loaded into each process of the soak before its program: at SIGUSR2 it collects garbage and writes the remaining
 * heap, and the resources that keep the process busy, into a file named after its pid. If there is a file
 * `<pid>.snapshot`, it also writes a heap snapshot to the path contained in it.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

const folder = process.env.GANTRY_SOAK_HEAPS;

if (isMainThread && folder !== undefined) {
  const file = join(folder, String(process.pid));
  process.on('SIGUSR2', () => {
    for (let times = 0; times < 2; times++) /** @type {() => void} */ (globalThis.gc)();
    const { heapUsed, external } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external, resources }));
    renameSync(`${file}.new`, `${file}.json`);
    if (!existsSync(`${file}.snapshot`)) return;
    writeHeapSnapshot(readFileSync(`${file}.snapshot`, 'utf8'));
    rmSync(`${file}.snapshot`);
  });
}
