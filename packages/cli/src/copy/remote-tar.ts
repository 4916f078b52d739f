import type { GantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { CliError, problemOf } from '../output/problem.ts';
import type { Cx } from '../session.ts';

/** A task to copy from or to. */
export interface RemoteTask {
  readonly api: ClusterApi;
  /** Id of the task. */
  readonly task: string;
  readonly signal: AbortSignal;
}

/** Type of a path in a task. */
export type RemoteKind = 'directory' | 'file' | 'in-directory' | 'missing';

/** Exits with 127 if tar is missing; otherwise the exit code states the type of the path. */
const PROBE = `command -v tar >/dev/null 2>&1 || exit 127
[ -d "$1" ] && exit 10
{ [ -e "$1" ] || [ -L "$1" ]; } && exit 11
[ -d "$2" ] && exit 12
exit 13`;
const KINDS: ReadonlyMap<number, RemoteKind> = new Map([
  [10, 'directory'],
  [11, 'file'],
  [12, 'in-directory'],
  [13, 'missing'],
]);

/** Errors by which a runtime reports that a command does not exist, rather than that the task is unreachable. */
const COMMAND_ERRORS: ReadonlySet<string> = new Set([
  'INVALID_OBJECT',
  'NOT_FOUND',
  'UNSUPPORTED',
  'INTERNAL',
]);

/** Maximum length of the error output kept from tar. */
const MAX_STDERR = 4000;

/**
 * Determines the type of a path in a task; `folder` is the directory that would contain it.
 *
 * @throws `UNSUPPORTED` if the workload has no shell or no tar
 */
export async function probe(remote: RemoteTask, path: string, folder: string): Promise<RemoteKind> {
  let code: number;
  try {
    code = (await collect(remote, ['sh', '-c', PROBE, 'sh', path, folder])).code;
  } catch (error) {
    await rejectIfGone(remote);
    if (!COMMAND_ERRORS.has(problemOf(error).code) || remote.signal.aborted) throw error;
    code = 127;
  }
  const kind = KINDS.get(code);
  if (kind !== undefined) return kind;
  const message = `task ${remote.task} has no shell with tar, which copying needs`;
  throw new CliError('UNSUPPORTED', message, 'add sh and tar to the image, or mount a directory');
}

/** @throws the error of getting the task: a missing task has no files either */
async function rejectIfGone({ api, task, signal }: RemoteTask): Promise<void> {
  await api.get('task', task, { signal });
}

interface Result {
  readonly code: number;
  readonly stderr: string;
}

/** Runs a command and ignores its standard output. */
async function collect(
  remote: RemoteTask,
  command: readonly string[],
  stdin?: AsyncIterable<Uint8Array>,
): Promise<Result> {
  const { api, task, signal } = remote;
  const session = await api.exec(task, { command, signal, ...(stdin === undefined ? {} : { stdin }) });
  let stderr = '';
  for await (const { stream, data } of session.output) {
    if (stream === 'stderr') stderr = `${stderr}${Buffer.from(data).toString()}`.slice(-MAX_STDERR);
  }
  return { code: await session.exitCode, stderr: stderr.trim() };
}

/** Unpacks an archive into a directory of a task. */
export async function unpackRemote(
  remote: RemoteTask,
  folder: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  // File owners of this machine have no meaning in the task.
  const { code, stderr } = await collect(remote, ['tar', 'xpof', '-', '-C', folder], archive);
  if (code !== 0) throw failed(remote, code, stderr);
}

/** Packs a path of a task and yields the archive as it arrives; throws at the end if it is incomplete. */
export async function* packRemote(
  remote: RemoteTask,
  folder: string,
  name: string,
): AsyncIterable<Uint8Array> {
  const { api, task, signal } = remote;
  const command = ['tar', 'cf', '-', '-C', folder, name === '.' ? '.' : `./${name}`];
  const session = await api.exec(task, { command, signal });
  let stderr = '';
  for await (const { stream, data } of session.output) {
    if (stream === 'stdout') yield data;
    else stderr = `${stderr}${Buffer.from(data).toString()}`.slice(-MAX_STDERR);
  }
  const code = await session.exitCode;
  if (code !== 0) throw failed(remote, code, stderr.trim());
}

function failed({ task }: RemoteTask, code: number, stderr: string): GantryError | CliError {
  const last = stderr.split('\n').at(-1) ?? '';
  return new CliError('FAILED', `tar in task ${task} exited with ${code}${last === '' ? '' : `: ${last}`}`);
}

/** Opens a task for copying. */
export async function remoteTask(cx: Cx, task: string): Promise<RemoteTask> {
  return { api: await cx.api(), task, signal: cx.signal };
}
