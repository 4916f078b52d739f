import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Living, Machine } from './machine.ts';
import { CHECK } from './workload.ts';

interface Found extends Living {
  readonly session: number;
  readonly command: string;
}

/** Processes whose environment names a task's folder below one of these, as /proc has them. */
export class ProcessMachine implements Machine {
  readonly #dirs: readonly string[];

  /** `dirs`: the state folders of the agents. */
  constructor(dirs: readonly string[]) {
    this.#dirs = dirs;
  }

  /** Commands of health checks lead sessions of their own; they are not the task. */
  async look(): Promise<readonly Living[]> {
    return this.#all().filter(({ pid, session, command }) => pid === session && command !== CHECK);
  }

  async kill({ pid }: Living): Promise<void> {
    process.kill(pid, 'SIGKILL');
  }

  async leftovers(): Promise<readonly string[]> {
    const processes = this.#all().map(({ pid, task, command }) => `process ${pid} of ${task}: ${command}`);
    return [...processes, ...this.#dirs.flatMap((dir) => taskFolders(dir))];
  }

  async networks(): Promise<readonly string[]> {
    return [];
  }

  #all(): readonly Found[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => this.#read(Number(name)) ?? []);
  }

  #read(pid: number): Found | undefined {
    try {
      const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const value = (name: string): string | undefined =>
        env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
      const dir = value('GANTRY_TASK_DIR') ?? '';
      if (!this.#dirs.some((own) => dir.startsWith(`${own}/`))) return undefined;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command, in parentheses, may itself hold spaces: field 3 is the first after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [state = '', session = '', startTicks = ''] = [fields[0], fields[6 - 3], fields[22 - 3]];
      if (state === 'Z' || state === 'X') return undefined;
      const [command = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const task = value('GANTRY_TASK') ?? '';
      const known = { task, id: String(pid), pid, startedAt: startTicks };
      return { ...known, session: Number(session), command: basename(command) };
    } catch {
      return undefined; // it has ended meanwhile
    }
  }
}

/** The folders of tasks: two levels below the state folder, those of cluster and node. */
function taskFolders(dir: string): readonly string[] {
  const below = (path: string): readonly string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => `${path}/${name}`)
      : [];
  return below(dir).flatMap(below).flatMap(below);
}
