import { type FileHandle, open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GantryError } from '@gantry/core';
import { failure } from './failure.ts';

/** Space that LMDB needs to create its files. */
const ROOM_BYTES = 1_048_576;
/** Layout of the first page: that it is a meta page, LMDB's magic number, the layout's version, and the page size. */
const META = {
  flagsAt: 18,
  flag: 0x08,
  magicAt: 24,
  magic: 0xbeefc0de,
  versionAt: 28,
  version: 2,
  sizeAt: 48,
};
const HEADER_BYTES = 52;

/** Size of LMDB's lock file after it was opened for the first time; later opens need no further space. */
const LOCK_BYTES = 4096;

/**
 * Rejects the files that LMDB would reject: lmdb 3.5.6 kills the process if it cannot open its files. Existing data can
 * be used while the disk is full; `isNew`: there is no data yet.
 *
 * @throws `UNSUPPORTED` if they are not the files of an LMDB environment, `EXHAUSTED` if the disk is full,
 * `UNAVAILABLE` if they cannot be written.
 */
export async function checkFiles(folder: string, isNew: boolean): Promise<void> {
  try {
    let isLockReady = false;
    await check(join(folder, 'lock.mdb'), async (file) => {
      isLockReady = (await file.stat()).blocks * 512 >= LOCK_BYTES;
    });
    await check(join(folder, 'data.mdb'), async (file) => {
      const { size } = await file.stat();
      if (isNew || (await isEnvironment(file, size))) return;
      throw new GantryError(
        'UNSUPPORTED',
        `store-lmdb: cannot use the folder "${folder}": "data.mdb" is damaged, or not a file of LMDB's`,
      );
    });
    if (!isNew && isLockReady) return;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize >= ROOM_BYTES) return;
  } catch (error) {
    throw failure(`use the data in "${folder}"`, error);
  }
  throw new GantryError('EXHAUSTED', `store-lmdb: cannot use the folder "${folder}": the disk is full`);
}

async function check(path: string, inspect: (file: FileHandle) => Promise<void>): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await inspect(file);
  } finally {
    await file.close();
  }
}

async function isEnvironment(file: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  if (bytesRead < HEADER_BYTES || (buffer.readUInt16LE(META.flagsAt) & META.flag) === 0) return false;
  if (buffer.readUInt32LE(META.magicAt) !== META.magic) return false;
  if (buffer.readUInt16LE(META.versionAt) !== META.version) return false;
  return size >= 2 * buffer.readUInt32LE(META.sizeAt);
}
