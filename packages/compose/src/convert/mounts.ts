import { resolve } from 'node:path';
import type { TemplateInput } from '@gantry/core/model';
import { expandHome } from '../load/reader.ts';
import type { Cursor } from '../model/cursor.ts';
import { parseBytes } from '../model/units.ts';
import { isPath, parseVolume } from '../syntax/volume.ts';

type MountInput = NonNullable<TemplateInput['mounts']>[number];

const NO_VOLUMES =
  'there are no volumes yet: bind a directory (./data:/data), or use a tmpfs for what may be lost';
/** Options of a bind mount that state the default, or that only have an effect on other systems. */
const IDLE: readonly string[] = Object.freeze(['rw', 'cached', 'delegated', 'consistent']);
const RELABEL: readonly string[] = Object.freeze(['z', 'Z']);
const PROPAGATION = Object.freeze(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const);
type Propagation = (typeof PROPAGATION)[number];
/** Options of a tmpfs that state the engine's default. */
const TMPFS_IDLE: readonly string[] = Object.freeze(['rw', 'noexec', 'nosuid', 'nodev', 'mode=1777']);
const RELABELLED =
  'files are not relabelled: on a host with SELinux, label the directory yourself (chcon -t container_file_t)';
const OWN_FILES =
  "an anonymous volume: the files stay in the task's own file system, and are gone when the task is replaced";

interface Anonymous {
  readonly type: 'anonymous';
  readonly target: string;
}

/**
 * Binds and tmpfs mounts. An anonymous volume needs no mount, unless it hides part of another mount: the file system of
 * a container already has the image's files at that path, and lasts as long as the task.
 */
export function mountsOf(service: Cursor, root: string): readonly MountInput[] {
  const volumes = service.get('volumes')?.items() ?? [];
  const tmpfs = service.get('tmpfs')?.items() ?? [];
  const found = volumes.flatMap((cursor) => {
    const mount = cursor.isText ? fromText(cursor, root) : fromMapping(cursor, root);
    return mount === undefined ? [] : [{ cursor, mount }];
  });
  const mounts = [
    ...found.flatMap(({ mount }) => (mount.type === 'anonymous' ? [] : [mount])),
    ...tmpfs.flatMap((cursor) => tmpfsOf(cursor) ?? []),
  ];
  for (const { cursor, mount } of found) {
    if (mount.type !== 'anonymous') continue;
    const outer = mounts.find(({ target }) => isWithin(mount.target, target));
    if (outer === undefined) cursor.note(OWN_FILES);
    else cursor.unsupported(`an anonymous volume that hides a part of ${outer.target}: ${NO_VOLUMES}`);
  }
  return mounts;
}

function isWithin(path: string, directory: string): boolean {
  const outer = directory.replace(/\/+$/, '');
  return path === outer || path.startsWith(`${outer}/`);
}

function fromText(cursor: Cursor, root: string): MountInput | Anonymous | undefined {
  const parsed = parseVolume(cursor.text() ?? '');
  if ('problem' in parsed) return cursor.invalid(parsed.problem);
  const { source, target, options } = parsed;
  if (source === undefined) return anonymous(cursor, target);
  if (!isPath(source)) return cursor.unsupported(`volume "${source}": ${NO_VOLUMES}`);
  for (const option of options) {
    if (option === 'ro' || IDLE.includes(option) || isPropagation(option)) continue;
    if (RELABEL.includes(option)) cursor.note(RELABELLED);
    else cursor.unsupported(`a bind mount has no option "${option}"`);
  }
  const readOnly = options.includes('ro');
  return bind(cursor, root, { source, target, readOnly, propagation: options.find(isPropagation) });
}

function isPropagation(option: string): option is Propagation {
  return (PROPAGATION as readonly string[]).includes(option);
}

function anonymous(cursor: Cursor, target: string): Anonymous | undefined {
  if (!target.startsWith('/')) return cursor.invalid(`expected an absolute path, got "${target}"`);
  return { type: 'anonymous', target };
}

function fromMapping(cursor: Cursor, root: string): MountInput | Anonymous | undefined {
  const type = cursor.get('type')?.oneOf('bind', 'tmpfs', 'volume', 'image', 'npipe', 'cluster');
  const source = cursor.get('source')?.text();
  const target = cursor.get('target')?.text();
  const readOnly = cursor.get('read_only');
  const isReadOnly = readOnly?.boolean() ?? false;
  const size = cursor.at('tmpfs', 'size')?.bytes();
  const selinux = cursor.at('bind', 'selinux');
  const propagation = cursor.at('bind', 'propagation')?.oneOf(...PROPAGATION);
  if (selinux?.oneOf('z', 'Z') !== undefined) selinux.note(RELABELLED);
  if (type === undefined)
    return cursor.tree.kind === 'dict' && !cursor.tree.entries.has('type')
      ? cursor.invalid('expected a type')
      : undefined;
  if (target === undefined) return cursor.invalid('expected a target');
  if (type === 'tmpfs') {
    if (isReadOnly) readOnly?.unsupported('a tmpfs can be written to');
    return { type: 'tmpfs', target, ...(size ? { size } : {}) };
  }
  if (type === 'volume' && source === undefined) {
    if (isReadOnly) readOnly?.unsupported('an anonymous volume can be written to');
    return anonymous(cursor, target);
  }
  if (type !== 'bind') {
    const what = source === undefined ? `a mount of type ${type}` : `${type} "${source}"`;
    return cursor.unsupported(type === 'volume' ? `${what}: ${NO_VOLUMES}` : `${what} cannot be mounted`);
  }
  return source === undefined
    ? cursor.invalid('expected a source')
    : bind(cursor, root, { source, target, readOnly: isReadOnly, propagation });
}

function bind(
  cursor: Cursor,
  root: string,
  {
    source,
    target,
    readOnly,
    propagation,
  }: {
    readonly source: string;
    readonly target: string;
    readonly readOnly: boolean;
    readonly propagation: Propagation | undefined;
  },
): MountInput | undefined {
  const { directory, variables } = cursor.tree.at.source;
  const expanded = expandHome(source, variables);
  if (expanded === undefined) return cursor.invalid(`"${source}": HOME is not set`);
  const path = resolve(root, directory, expanded);
  return {
    type: 'bind',
    source: path,
    target,
    ...(readOnly ? { readOnly } : {}),
    ...(propagation === undefined ? {} : { propagation }),
  };
}

/** Parses `/run` or `/run:size=64m`. */
function tmpfsOf(cursor: Cursor): MountInput | undefined {
  const text = cursor.text();
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  const target = colon === -1 ? text : text.slice(0, colon);
  let size: number | undefined;
  for (const option of colon === -1 ? [] : text.slice(colon + 1).split(',')) {
    const [name, value = ''] = option.split('=');
    if (name === 'size')
      size = parseBytes(value) ?? cursor.invalid(`expected an amount of bytes, got "${value}"`);
    else if (!TMPFS_IDLE.includes(option)) cursor.unsupported(`a tmpfs has no option "${option}"`);
  }
  return { type: 'tmpfs', target, ...(size === undefined ? {} : { size }) };
}
