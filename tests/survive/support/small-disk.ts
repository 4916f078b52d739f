import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of a few megabytes that can be filled and emptied. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where mounting is not permitted. */
  static mount(path: string, size: string): SmallDisk | undefined {
    mkdirSync(path, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'small', path], { stdio: 'ignore' });
      return new SmallDisk(path);
    } catch {
      return undefined;
    }
  }

  /** Leaves no byte. */
  fill(): void {
    for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2))
      for (let room = true; room; ) {
        try {
          appendFileSync(join(this.path, 'filler'), Buffer.alloc(size));
        } catch {
          room = false;
        }
      }
  }

  empty(): void {
    rmSync(join(this.path, 'filler'), { force: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-l', this.path]);
  }
}
