import type { NetworkInput, TemplateInput } from '@gantry/core/model';
import { objectLabelsOf } from '../load/environment.ts';
import { Cursor } from '../model/cursor.ts';
import { join } from '../model/log.ts';
import { dict } from '../model/tree.ts';
import { encodedHostName, isHostName, toDnsLabel, uniqueNames } from './names.ts';
import type { Stack, StackNetwork } from './stack.ts';

type NetworkRef = Exclude<NonNullable<TemplateInput['networks']>[number], string>;

const DEFAULT = 'default';
/** Drivers that stand for an ordinary network. */
const USUAL_DRIVERS: readonly string[] = Object.freeze(['bridge', 'overlay', 'default']);
/** Networks of the engine itself. */
const PREDEFINED: readonly string[] = Object.freeze(['bridge', 'default', 'host', 'none']);
/** Names of the engine's own bridge, which a task without networks joins. */
const ENGINE_BRIDGE: readonly string[] = Object.freeze(['bridge', 'default']);
const OWN_NAMESPACE =
  'a task has a network namespace of its own: publish its ports, and reach other services by their names';
const BESIDE_EXTERNAL: readonly string[] = Object.freeze(['external', 'name']);

/** All networks of the project by their names in the file, including the implicit one. */
export function networksOf(root: Cursor, stack: string): ReadonlyMap<string, StackNetwork> {
  const networks = new Map<string, StackNetwork>();
  const entries = root.get('networks')?.entries() ?? [];
  const names = uniqueNames(stack, new Set([...entries.map(([key]) => key), DEFAULT]));
  for (const [key, cursor] of entries) networks.set(key, networkOf(key, cursor, names.get(key) as string));
  if (!networks.has(DEFAULT)) {
    const cursor = new Cursor(dict(root.tree.at), join('networks', DEFAULT), root.log);
    networks.set(DEFAULT, networkOf(DEFAULT, cursor, names.get(DEFAULT) as string));
  }
  return networks;
}

function networkOf(key: string, cursor: Cursor, ownName: string): StackNetwork {
  const external = cursor.get('external');
  // The old form, which names the network: `external: { name: x }`.
  const old = external?.tree.kind === 'dict' ? external.get('name')?.text() : undefined;
  const isExternal = external !== undefined && (external.tree.kind === 'dict' || external.boolean() === true);
  const given = cursor.get('name');
  const name = given?.text() ?? old ?? (isExternal ? key : ownName);
  const predefined = PREDEFINED.includes(name) && (isExternal || name !== 'default');
  if (isExternal) {
    for (const [field, value] of cursor.entries()) {
      if (BESIDE_EXTERNAL.includes(field) || field.startsWith('x-')) continue;
      value.log.cover(value.tree);
      value.invalid('an external network is what it is: nothing but its name may be given');
    }
  }
  if (predefined && !isExternal && given !== undefined)
    given.invalid(`"${name}" is a network of the engine itself: it needs external: true`);
  return { name, external: isExternal, ...(predefined ? { predefined } : {}), cursor };
}

/** The networks that a service joins, with its aliases there. */
export function joinedBy(service: Cursor, key: string, stack: Stack): readonly NetworkRef[] {
  const mode = service.get('network_mode');
  const networks = service.get('networks');
  const own = aliasesOf(service, key);
  if (mode !== undefined) {
    const text = mode.text() ?? '';
    if (networks !== undefined) mode.invalid('cannot be there beside networks');
    else if (!ENGINE_BRIDGE.includes(text)) mode.unsupported(`"${text}": ${OWN_NAMESPACE}`);
    return [];
  }
  const entries = networks?.entries() ?? [];
  const wanted: readonly (readonly [string, Cursor | undefined])[] =
    entries.length > 0 ? entries : [[DEFAULT, undefined]];
  return wanted.flatMap(([name, cursor]) => {
    const more = cursor?.tree.kind === 'dict' ? (cursor.get('aliases')?.items() ?? []) : [];
    const aliases = more.flatMap((alias) => {
      const text = alias.text();
      if (text === undefined || isHostName(text)) return text ?? [];
      return alias.unsupported(`"${text}" is not a host name, and an alias must be one`) ?? [];
    });
    const network = stack.networks.get(name);
    if (network === undefined) return cursor?.invalid(`network "${name}" not found`) ?? [];
    if (network.predefined === true) {
      const at = cursor ?? network.cursor;
      if (!ENGINE_BRIDGE.includes(network.name))
        return at.unsupported(`"${network.name}": ${OWN_NAMESPACE}`) ?? [];
      if (entries.length > 1)
        at.unsupported(`the engine's network "${network.name}" can be joined alone only`);
      return [];
    }
    return [{ name: network.name, aliases: [...new Set([...own, ...aliases])] }];
  });
}

/** The service's name in the file and, since other services may use it, its container name. */
function aliasesOf(service: Cursor, key: string): readonly string[] {
  const aliases: string[] = [];
  if (isHostName(key)) aliases.push(key);
  else {
    const label = toDnsLabel(key);
    const encoded = encodedHostName(key);
    const others = [...new Set([encoded, label])].filter((name) => name !== undefined && isHostName(name));
    aliases.push(...(others as string[]));
    const list = others.map((name) => `"${name}"`).join(' or ');
    // Resolvers encode the name before they look it up.
    if (encoded !== undefined) service.note(`"${key}" is a host name as ${list} only`);
    else if (list === '')
      service.unsupported(`"${key}" is not a host name: others cannot reach it by a name`);
    else service.unsupported(`"${key}" is not a host name: others can reach it as ${list} only`);
  }
  const container = service.get('container_name');
  const name = container?.text();
  if (container === undefined || name === undefined) return aliases;
  if (!isHostName(name))
    container.unsupported(`"${name}" is not a host name: others could not reach it by this name`);
  else {
    container.note(
      `containers are named after their tasks; "${name}" is an alias on the networks of the service`,
    );
    aliases.push(name);
  }
  return aliases;
}

/** The networks to create: those that a service joins and that are not external. */
export function networkObjects(
  stack: Stack,
  joined: ReadonlySet<string>,
  namespace?: string,
): readonly NetworkInput[] {
  const owners = new Map<string, string>();
  return [...stack.networks].flatMap(([key, { name, external, cursor }]) => {
    const driver = cursor.get('driver');
    const kind = driver?.text();
    if (kind !== undefined && !USUAL_DRIVERS.includes(kind)) {
      driver?.unsupported(`networks have no drivers of their own, as "${kind}": the network plugin decides`);
    }
    const internal = external ? undefined : cursor.get('internal')?.boolean();
    const labels = external ? {} : objectLabelsOf(cursor.get('labels'));
    const subnet = external ? undefined : subnetOf(cursor);
    if (external) return [];
    if (!joined.has(name)) {
      if (key !== DEFAULT) cursor.note('no service joins it: it is not created');
      return [];
    }
    const owner = owners.get(name);
    if (owner !== undefined) cursor.invalid(`would be named "${name}", as "${owner}" is: rename one of them`);
    owners.set(name, key);
    return [
      {
        kind: 'network',
        meta: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          labels: { ...labels, 'gantry.stack': stack.name, 'gantry.stack.network': key },
        },
        spec: { ...(subnet === undefined ? {} : { subnet }), ...(internal === true ? { internal } : {}) },
      },
    ];
  });
}

function subnetOf(cursor: Cursor): string | undefined {
  const [first, ...more] = cursor.at('ipam', 'config')?.items() ?? [];
  for (const one of more) {
    one.log.cover(one.tree);
    one.unsupported('a network has one subnet');
  }
  return first?.get('subnet')?.text();
}
