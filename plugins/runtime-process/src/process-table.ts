import { readdirSync, readFileSync } from 'node:fs';
import { isShortage } from '@gantry/core';

/** Data from /proc about one process. */
export interface ProcessEntry {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot: together with the pid and the boot it identifies a process uniquely. */
  readonly startTicks: number;
  /** CPU time of the process and of its children that have ended, in ticks. */
  readonly cpuTicks: number;
}

/** Linux reports CPU time in hundredths of a second on every architecture (USER_HZ). */
export const MS_PER_TICK = 10;

/** Identifies the task that a process belongs to; its descendants inherit it. */
export const MARKER = 'GANTRY_TASK_DIR';

/**
 * Reads a process that has not ended; a zombie counts as ended.
 *
 * @throws errors of a system without free file descriptors: a process that cannot be read has not ended
 */
export function readProcess(pid: number): ProcessEntry | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command, in parentheses, may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (field: number): number => Number(fields[field - 3]);
  const state = fields[0] as string;
  if (state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    state,
    parent: at(4),
    group: at(5),
    session: at(6),
    startTicks: at(22),
    cpuTicks: at(14) + at(15) + at(16) + at(17),
  };
}

export function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  return kib === undefined ? 0 : Number(kib) * 1024;
}

interface Marked {
  readonly startTicks: number;
  readonly marker: string;
}

/** Finds all processes of the machine. Markers are cached, since reading them is the expensive part. */
export class ProcessTable {
  #markers: ReadonlyMap<number, Marked> = new Map();

  /** Processes by the marker they carry. */
  marked(): ReadonlyMap<string, readonly ProcessEntry[]> {
    const found = new Map<string, ProcessEntry[]>();
    const markers = new Map<number, Marked>();
    const entries = new Map<number, ProcessEntry>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const entry = readProcess(pid);
      if (entry === undefined) continue;
      const known = this.#markers.get(pid);
      const marker = known?.startTicks === entry.startTicks ? known.marker : markerOf(pid);
      // Right after a fork a child still shows the environment of its parent: read young processes again.
      if (marker !== '') markers.set(pid, { startTicks: entry.startTicks, marker });
      entries.set(pid, entry);
    }
    this.#markers = markers;
    for (const entry of entries.values()) {
      const marker = inherited(entry, entries, markers);
      if (marker === undefined) continue;
      const others = found.get(marker);
      if (others === undefined) found.set(marker, [entry]);
      else others.push(entry);
    }
    return found;
  }
}

/** The marker of a process, or else of its session or nearest ancestor: it may have cleared its environment. */
function inherited(
  { pid, session }: ProcessEntry,
  entries: ReadonlyMap<number, ProcessEntry>,
  markers: ReadonlyMap<number, Marked>,
): string | undefined {
  const own = markers.get(pid) ?? markers.get(session);
  if (own !== undefined) return own.marker;
  for (let parent = entries.get(pid)?.parent; parent !== undefined; parent = entries.get(parent)?.parent) {
    const known = markers.get(parent);
    if (known !== undefined) return known.marker;
  }
  return undefined;
}

/** A process and its descendants. */
export function family(pid: number): readonly number[] {
  const found = [pid];
  for (const member of found) {
    const children = read(`/proc/${member}/task/${member}/children`)?.trim() ?? '';
    if (children !== '') found.push(...children.split(' ').map(Number));
  }
  return found;
}

/** Sends a signal to a process, or with a negative number to a group; returns whether there was one. */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function markerOf(pid: number): string {
  const text = read(`/proc/${pid}/environ`);
  if (text === undefined) return '';
  const start = text.startsWith(`${MARKER}=`) ? 0 : text.indexOf(`\0${MARKER}=`) + 1;
  if (start === 0 && !text.startsWith(`${MARKER}=`)) return '';
  const end = text.indexOf('\0', start);
  return text.slice(start + MARKER.length + 1, end === -1 ? undefined : end);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}
