import { resolve } from 'node:path';
import type { TemplateInput } from '@gantry/core';
import { expandHome } from '../load/reader.ts';
import type { Cursor } from '../model/cursor.ts';
import { parseBytes } from '../syntax/units.ts';
import { isPath, parseVolume } from '../syntax/volume.ts';

type MountInput = NonNullable<TemplateInput['mounts']>[number];

const NO_VOLUMES =
  'there are no volumes yet: bind a folder (./data:/data), or use a tmpfs for what may be lost';
/** Options that say what happens anyway, or that only ever did something on other systems. */
const IDLE: readonly string[] = Object.freeze([
  'rw',
  'cached',
  'delegated',
  'consistent',
  'rprivate',
  'private',
]);

/** Binds and tmpfs; everything else there is no kind for yet. */
export function mountsOf(service: Cursor, root: string): readonly MountInput[] {
  const volumes = service.get('volumes')?.items() ?? [];
  const tmpfs = service.get('tmpfs')?.items() ?? [];
  return [
    ...volumes.flatMap(
      (cursor) => (cursor.isText ? fromText(cursor, root) : fromMapping(cursor, root)) ?? [],
    ),
    ...tmpfs.flatMap((cursor) => tmpfsOf(cursor) ?? []),
  ];
}

function fromText(cursor: Cursor, root: string): MountInput | undefined {
  const parsed = parseVolume(cursor.text() ?? '');
  if ('problem' in parsed) return cursor.invalid(parsed.problem);
  const { source, target, options } = parsed;
  if (source === undefined) return cursor.unsupported(`an anonymous volume: ${NO_VOLUMES}`);
  if (!isPath(source)) return cursor.unsupported(`volume "${source}": ${NO_VOLUMES}`);
  for (const option of options) {
    if (option !== 'ro' && !IDLE.includes(option))
      cursor.unsupported(`a bind mount has no option "${option}"`);
  }
  return bind(cursor, root, source, target, options.includes('ro'));
}

function fromMapping(cursor: Cursor, root: string): MountInput | undefined {
  const type = cursor.get('type')?.oneOf('bind', 'tmpfs', 'volume', 'image', 'npipe', 'cluster');
  const source = cursor.get('source')?.text();
  const target = cursor.get('target')?.text();
  const readOnly = cursor.get('read_only');
  const isReadOnly = readOnly?.boolean() ?? false;
  const size = cursor.at('tmpfs', 'size')?.bytes();
  if (type === undefined)
    return cursor.tree.kind === 'dict' && !cursor.tree.entries.has('type')
      ? cursor.invalid('expected a type')
      : undefined;
  if (target === undefined) return cursor.invalid('expected a target');
  if (type === 'tmpfs') {
    if (isReadOnly) readOnly?.unsupported('a tmpfs can be written to');
    return { type: 'tmpfs', target, ...(size ? { size } : {}) };
  }
  if (type !== 'bind') {
    const what = source === undefined ? `a mount of type ${type}` : `${type} "${source}"`;
    return cursor.unsupported(type === 'volume' ? `${what}: ${NO_VOLUMES}` : `${what} cannot be mounted`);
  }
  return source === undefined
    ? cursor.invalid('expected a source')
    : bind(cursor, root, source, target, isReadOnly);
}

function bind(
  cursor: Cursor,
  root: string,
  source: string,
  target: string,
  readOnly: boolean,
): MountInput | undefined {
  const { directory, variables } = cursor.tree.at.source;
  const expanded = expandHome(source, variables);
  if (expanded === undefined) return cursor.invalid(`"${source}": HOME is not set`);
  const path = resolve(root, directory, expanded);
  return { type: 'bind', source: path, target, ...(readOnly ? { readOnly } : {}) };
}

/** `/run`, `/run:size=64m`. */
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
    else if (option !== 'rw') cursor.unsupported(`a tmpfs has no option "${option}"`);
  }
  return { type: 'tmpfs', target, ...(size === undefined ? {} : { size }) };
}
