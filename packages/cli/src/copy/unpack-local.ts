import { once } from 'node:events';
import { posix } from 'node:path';
import { type ReadEntry, Unpack } from 'tar';
import { CliError } from '../output/problem.ts';

export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
  /** Skipped entries with the reasons. */
  readonly skipped: readonly string[];
}

/** Types of entries that are created; devices and pipes are not. */
const KINDS: ReadonlySet<string> = new Set([
  'File',
  'OldFile',
  'ContiguousFile',
  'Directory',
  'SymbolicLink',
  'Link',
]);

/**
 * Unpacks an archive into an empty directory, with modes and times. The archive comes from a workload and is not
 * trusted.
 *
 * @throws `INVALID_OBJECT` for an entry whose path leaves the directory; nothing outside of it is touched
 */
export async function unpackLocal(archive: AsyncIterable<Uint8Array>, directory: string): Promise<Unpacked> {
  const count = { files: 0, bytes: 0 };
  const skipped: string[] = [];
  let failure: unknown;
  const unpack = new Unpack({
    cwd: directory,
    chmod: true,
    preserveOwner: false,
    filter: (path, entry) => {
      if (escapes(path)) {
        failure ??= new CliError(
          'INVALID_OBJECT',
          `the archive of the task is rejected: ${JSON.stringify(path)} leaves the directory`,
        );
        return false;
      }
      const why = failure === undefined ? whySkipped(path, entry as ReadEntry) : 'the copy has failed';
      if (why !== undefined) skipped.push(`${path}: ${why}`);
      return why === undefined;
    },
    onReadEntry: ({ type, size }) => {
      if (type === 'Directory') return;
      count.files += 1;
      count.bytes += size;
    },
    onwarn: (code, message) => {
      if (/^TAR_(ENTRY_(ERROR|INVALID)|BAD_ARCHIVE|ABORT)$/.test(code))
        failure ??= new CliError('FAILED', `the archive of the task cannot be unpacked: ${message}`);
    },
  });
  unpack.on('error', (error) => {
    failure ??= error;
  });
  const closed = new Promise<void>((resolve) => unpack.on('close', () => resolve()));
  for await (const chunk of archive) {
    if (failure !== undefined) break;
    if (!unpack.write(Buffer.from(chunk))) await Promise.race([once(unpack, 'drain'), closed]);
  }
  if (failure !== undefined) throw failure;
  unpack.end();
  await closed;
  if (failure !== undefined) throw failure;
  return { ...count, skipped };
}

const escapes = (path: string): boolean => {
  const normal = posix.normalize(path);
  return posix.isAbsolute(path) || normal === '..' || normal.startsWith('../') || path.includes('\\..');
};

/** A link must not lead out of the directory: entries copied later would be written through it. */
function whySkipped(path: string, { type, linkpath = '' }: ReadEntry): string | undefined {
  if (!KINDS.has(type)) return `a ${type} is not copied`;
  if (type !== 'SymbolicLink' && type !== 'Link') return undefined;
  const target = type === 'Link' ? linkpath : posix.join(posix.dirname(path), linkpath);
  return posix.isAbsolute(linkpath) || escapes(target)
    ? `the link leads to ${linkpath}, outside of the copy`
    : undefined;
}
