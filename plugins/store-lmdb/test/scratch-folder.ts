import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A memory file system: there a flush costs nothing. */
const MEMORY = '/dev/shm';

/** A new folder, on a disk or (faster) in memory, and how to remove it. */
export function scratchFolder(where: 'disk' | 'memory'): { path: string; remove: () => void } {
  const path = mkdtempSync(
    join(where === 'memory' && existsSync(MEMORY) ? MEMORY : tmpdir(), 'gantry-lmdb-'),
  );
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
