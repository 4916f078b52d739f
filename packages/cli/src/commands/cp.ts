import { cp as copyTree, lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { idOf } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { pickTask } from '../cluster/pick-task.ts';
import { parseWorkload } from '../cluster/refs.ts';
import { isRemote, parsePlace, type RemotePlace, splitPath } from '../copy/places.ts';
import { packRemote, probe, type RemoteTask, remoteTask, unpackRemote } from '../copy/remote-tar.ts';
import { unpackLocal } from '../copy/unpack-local.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import { showBytes } from '../output/quantity.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** Defines `gantry cp TASK:/path local`, `gantry cp local TASK:/path`. */
export const cp: Define = (command, act) => {
  command
    .argument('<from>', 'a path of this machine, or TASK:PATH or service/NAME:PATH')
    .argument('<to>', 'likewise; if it is a directory, the copy is put into it')
    .action(
      act<[string, string]>(async (cx, [from, to]) => {
        const source = parsePlace(from);
        const target = parsePlace(to);
        if (isRemote(source) === isRemote(target))
          throw usage(
            'expected one path of a task and one of this machine',
            'gantry cp web.1:/etc/hosts ./hosts',
          );
        if (isRemote(source)) await download(cx, source, target.path);
        else await upload(cx, source.path, target as RemotePlace);
      }),
    );
};

async function open(cx: Cx, { workload }: RemotePlace): Promise<RemoteTask> {
  const { kind, id } = await parseWorkload(cx, workload, ['service', 'task']);
  return remoteTask(cx, kind === 'task' ? id : idOf((await pickTask(cx, id)).meta));
}

async function download(cx: Cx, source: RemotePlace, to: string): Promise<void> {
  const remote = await open(cx, source);
  const { folder, name } = splitPath(source.path);
  const kind = await probe(remote, source.path, folder);
  if (kind === 'in-directory' || kind === 'missing')
    throw new CliError('NOT_FOUND', `task ${remote.task} has no file ${source.path}`);
  const wanted = resolve(cx.io.cwd, to);
  const into = (await stat(wanted).catch(() => undefined))?.isDirectory() === true;
  const target = into && name !== '.' ? join(wanted, name) : wanted;
  if (to.endsWith('/') && !into && kind === 'file')
    throw new CliError('NOT_FOUND', `directory ${to} not found`);
  const parent = dirname(target);
  // Next to the target: on the same file system, so that moving it there is immediate.
  const work = await mkdtemp(join(parent, '.gantry-cp-')).catch((error: unknown) => {
    throw new CliError(problemOf(error).code, `${parent} cannot be written to: ${problemOf(error).message}`);
  });
  try {
    const archive = packRemote(remote, folder, name);
    const { files, bytes, skipped } = await unpackLocal(archive, work);
    for (const each of skipped) cx.warn(`not copied: ${each}`);
    await moveTo(name === '.' ? work : join(work, name), target);
    cx.note(`copied ${counted(files, 'file')} (${showBytes(bytes)}) to ${target}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Moves the unpacked files to their target; an existing directory keeps its other files. */
async function moveTo(from: string, target: string): Promise<void> {
  const [is, was] = await Promise.all([
    lstat(from).catch(() => undefined),
    lstat(target).catch(() => undefined),
  ]);
  if (is === undefined) return; // everything was skipped
  if (was === undefined || (!was.isDirectory() && !is.isDirectory())) return rename(from, target);
  if (is.isDirectory() && was.isDirectory())
    return copyTree(from, target, {
      recursive: true,
      force: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  const what = was.isDirectory() ? 'a directory' : 'no directory';
  throw new CliError('CONFLICT', `${target} exists and is ${what}`, 'name another target');
}

async function upload(cx: Cx, from: string, target: RemotePlace): Promise<void> {
  const path = resolve(cx.io.cwd, from);
  const info = await stat(path).catch((error: unknown) => {
    throw new CliError('NOT_FOUND', `${from} cannot be read: ${problemOf(error).message}`);
  });
  const remote = await open(cx, target);
  const { folder, name } = splitPath(target.path);
  const kind = await probe(remote, target.path, folder);
  if (kind === 'missing' || (kind !== 'directory' && target.path.endsWith('/')))
    throw new CliError(
      'NOT_FOUND',
      `task ${remote.task} has no directory ${kind === 'missing' ? folder : target.path}`,
    );
  if (kind === 'file' && info.isDirectory())
    throw new CliError('CONFLICT', `${target.path} of task ${remote.task} exists and is not a directory`);
  const content = info.isDirectory() && /(^|\/)\.\/?$/.test(from);
  const inside = kind === 'directory';
  const called = content && inside ? '.' : inside ? basename(path) : name;
  const { packLocal } = await import('../copy/pack-local.ts');
  const { archive, packed } = packLocal(path, called);
  await unpackRemote(remote, inside ? target.path : folder, archive);
  const { files, bytes } = packed();
  cx.note(`copied ${counted(files, 'file')} (${showBytes(bytes)}) to ${target.workload}:${target.path}`);
}
