import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** A cgroup that limits the memory of the programs that are started in it. */
export class MemoryCage implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where cgroups are not permitted. */
  static make(name: string, bytes: number): MemoryCage | undefined {
    const unified = existsSync(join(ROOT, 'cgroup.controllers'));
    const path = join(ROOT, ...(unified ? [] : ['memory']), `gantry-${name}-${process.pid}`);
    try {
      mkdirSync(path);
      writeFileSync(join(path, unified ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
      return new MemoryCage(path);
    } catch {
      return undefined;
    }
  }

  /** Executes what follows in it. */
  get prefix(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${this.#path}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** Processes in it that the kernel has killed for want of memory. */
  get killed(): number {
    const file =
      ['memory.events', 'memory.oom_control'].find((name) => existsSync(join(this.#path, name))) ?? '';
    return Number(/^oom_kill (\d+)/m.exec(readFileSync(join(this.#path, file), 'utf8'))?.[1] ?? 0);
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#path);
  }
}
