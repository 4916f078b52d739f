import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { GantryError } from '@gantry/core';
import { bootId, readProcess } from './process-table.ts';
import { readJson } from './task-dir.ts';

const OWNER_BYTES = 256;

interface Owner {
  readonly pid: number;
  readonly startTicks: number;
  readonly boot: string;
}

/** Written in place, and always as long as the first time, so that a full disk does not keep its owner out. */
function claim(file: string, own: Owner): void {
  const text = JSON.stringify(own).padEnd(OWNER_BYTES);
  try {
    if (readFileSync(file).length === OWNER_BYTES) {
      const fd = openSync(file, 'r+');
      try {
        writeSync(fd, text, 0);
      } finally {
        closeSync(fd);
      }
      return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Directory of all records: below XDG_STATE_HOME, or else in a directory of this user below the temporary one. */
export function defaultDir(): string {
  const state = process.env.XDG_STATE_HOME;
  return state ? join(state, 'gantry') : join(tmpdir(), `gantry-${userInfo().uid}`);
}

/**
 * Creates the directory of one node, accessible only to this user, and claims it for this program.
 *
 * @throws `CONFLICT` if another running program has this node.
 */
export function claimNodeDir(dir: string, cluster: string, node: string): string {
  for (const path of [dir, join(dir, cluster), join(dir, cluster, node)]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  const { uid } = userInfo();
  if (lstatSync(dir).uid !== uid) {
    throw new GantryError('CONFLICT', `runtime-process: the folder ${dir} belongs to another user`);
  }
  const path = join(dir, cluster, node);
  chmodSync(path, 0o700);
  const file = join(path, 'owner.json');
  const owner = readJson(file) as Owner | undefined;
  const boot = bootId();
  if (owner !== undefined && owner.pid !== process.pid && owner.boot === boot) {
    if (readProcess(owner.pid)?.startTicks === owner.startTicks) {
      const who = `node "${node}" of cluster "${cluster}" is run by process ${owner.pid}`;
      throw new GantryError('CONFLICT', `runtime-process: ${who}; give this cluster another name`);
    }
  }
  const own: Owner = { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? 0, boot };
  claim(file, own);
  return path;
}
