import { basename, dirname } from 'node:path';
import { create } from 'tar';

export interface Packed {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Packs a file or directory into an archive while it is consumed. `called`: its name in the archive; `.` for only the
 * content of a directory.
 */
export function packLocal(
  path: string,
  called: string,
): { readonly archive: AsyncIterable<Uint8Array>; readonly packed: () => Packed } {
  const count = { files: 0, bytes: 0 };
  const base = basename(path);
  const pack = create(
    {
      cwd: dirname(path),
      follow: false,
      onWriteEntry: (entry) => {
        const rest = entry.path.replace(/^\.\//, '').slice(base.length);
        entry.path = called === '.' ? `.${rest}` : `${called}${rest}`;
        if (entry.stat?.isFile() !== true) return;
        count.files += 1;
        count.bytes += entry.stat.size;
      },
    },
    [`./${base}`],
  );
  return { archive: pack, packed: () => ({ ...count }) };
}
