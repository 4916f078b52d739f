import type { TemplateInput } from '@gantry/core/model';
import { CliError, usage } from '../output/problem.ts';
import { bytes, csvFields, oneOf, refuseUnknown } from './values.ts';

type MountInput = NonNullable<TemplateInput['mounts']>[number];

const FLAG = '--mount';
const PROPAGATION = Object.freeze(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const);

/** Parses `type=bind,source=/a,target=/b,readonly` or `type=tmpfs,target=/c,tmpfs-size=64m`. */
export function parseMount(text: string): MountInput {
  const fields = csvFields(text, FLAG);
  const type = fields.get('type') ?? 'volume';
  const target = fields.get('target') ?? fields.get('destination') ?? fields.get('dst');
  if (target === undefined) throw usage(`${FLAG}: expected target=PATH in "${text}"`);
  const targets = ['type', 'target', 'destination', 'dst'];
  if (type === 'bind') {
    refuseUnknown(fields, [...targets, 'source', 'src', 'readonly', 'ro', 'bind-propagation'], FLAG);
    const source = fields.get('source') ?? fields.get('src');
    if (source === undefined) throw usage(`${FLAG}: expected source=PATH in "${text}"`);
    const propagation = fields.get('bind-propagation');
    return {
      type,
      source,
      target,
      readOnly: isSet(fields, 'readonly') || isSet(fields, 'ro'),
      ...(propagation === undefined
        ? {}
        : { propagation: oneOf(propagation, `${FLAG}: bind-propagation`, PROPAGATION) }),
    };
  }
  if (type === 'tmpfs') {
    refuseUnknown(fields, [...targets, 'tmpfs-size'], FLAG);
    const size = fields.get('tmpfs-size');
    return { type, target, ...(size === undefined ? {} : { size: bytes(size, FLAG) }) };
  }
  throw new CliError(
    'UNSUPPORTED',
    `${FLAG}: mounts of type "${type}" are not supported`,
    'type=bind mounts a folder of the host, type=tmpfs memory',
  );
}

/** Accepts `readonly`, `readonly=true` and `readonly=1`. */
function isSet(fields: ReadonlyMap<string, string | undefined>, key: string): boolean {
  if (!fields.has(key)) return false;
  return !['false', '0'].includes(fields.get(key) ?? 'true');
}
