import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Variable with the directory of the task that a process belongs to; runtime-process sets it for all of them. */
const MARKER = 'GANTRY_TASK_DIR';

/** The kernel's figures of one process. */
export interface ProcSample {
  readonly rssBytes: number;
  readonly threads: number;
  /** Open file descriptors by type: `socket`, `pipe`, `file` … */
  readonly fds: Readonly<Record<string, number>>;
}

export async function procOf(pid: number): Promise<ProcSample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const fds: Record<string, number> = {};
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => undefined);
    if (target === undefined) continue; // closed in the meantime
    const kind = target.startsWith('/') ? 'file' : (target.split(':')[0] as string);
    fds[kind] = (fds[kind] ?? 0) + 1;
  }
  return { rssBytes: number('VmRSS') * 1024, threads: number('Threads'), fds };
}

const TICKS_PER_SECOND = 100;

/** A process of a task, or one that `exec` has started there. */
export interface TaskProcess {
  readonly pid: number;
  readonly task: string;
  readonly command: string;
  readonly ageSeconds: number;
  /** Its environment, as `NAME=value`. */
  readonly variables: readonly string[];
}

export interface TaskProcesses {
  /** Processes of tasks whose directories are below one of the roots; zombies do not count. */
  readonly alive: readonly TaskProcess[];
  /** Ended children that their parents, which are among the named processes, have not waited for. */
  readonly zombies: number;
}

/** Scans all processes of this machine. */
export async function taskProcesses(
  roots: readonly string[],
  parents: ReadonlySet<number>,
): Promise<TaskProcesses> {
  const alive: TaskProcess[] = [];
  let zombies = 0;
  const uptimeSeconds = Number.parseFloat(await text('/proc/uptime'));
  for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const line = await text(`/proc/${pid}/stat`);
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    if (state === 'Z') {
      if (parents.has(Number(parent))) zombies++;
      continue;
    }
    const variables = (await text(`/proc/${pid}/environ`)).split('\0');
    const folder = variables.find((each) => each.startsWith(`${MARKER}=`))?.slice(MARKER.length + 1);
    if (folder === undefined || !roots.some((root) => folder.startsWith(`${root}/`))) continue;
    const command = (await text(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim();
    const task = folder.slice(folder.lastIndexOf('/') + 1).replace('@', '/');
    const ageSeconds = uptimeSeconds - Number(fields[19]) / TICKS_PER_SECOND;
    alive.push({ pid, task, command, ageSeconds, variables });
  }
  return { alive, zombies };
}

export interface FolderSample {
  readonly files: number;
  readonly bytes: number;
  /** Names of the tasks' directories. */
  readonly tasks: readonly string[];
}

/** Contents of an agent's directory, which has one directory for each cluster, node and task. */
export async function folderOf(dir: string): Promise<FolderSample> {
  let [files, bytes] = [0, 0];
  const tasks: string[] = [];
  const walk = async (path: string, depth: number): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) {
        if (depth === 2) tasks.push(entry.name.replace('@', '/'));
        await walk(inner, depth + 1);
        continue;
      }
      files++;
      bytes += await stat(inner).then(
        ({ size }) => size,
        () => 0,
      );
    }
  };
  await walk(dir, 0);
  return { files, bytes, tasks };
}

async function text(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
