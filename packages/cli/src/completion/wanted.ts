import type { Position } from './position.ts';

/** What may stand at a position, beyond what the tree of commands says. */
export type Wanted =
  /** `servers`: these too. */
  | { readonly type: 'kinds'; readonly servers?: boolean }
  /** Names of objects of kinds; `qualified`: as KIND/NAME. */
  | { readonly type: 'names'; readonly kinds: readonly string[]; readonly qualified?: boolean }
  | { readonly type: 'contexts' }
  | { readonly type: 'clusters' }
  | { readonly type: 'namespaces' }
  | { readonly type: 'words'; readonly words: readonly string[] };

const names = (...kinds: string[]): Wanted => ({ type: 'names', kinds });
const words = (...all: string[]): Wanted => ({ type: 'words', words: all });

/** What the operands of a command are; `many`: of all of them, not only of the first. */
interface Operands {
  readonly wanted: Wanted;
  readonly many: boolean;
}

const one = (wanted: Wanted): Operands => ({ wanted, many: false });
const many = (wanted: Wanted): Operands => ({ wanted, many: true });

const each = (group: string, commands: readonly string[], operands: Operands): [string, Operands][] =>
  commands.map((command) => [`${group} ${command}`.trim(), operands]);

const WORKLOAD = names('service', 'task');
const BY_COMMAND: ReadonlyMap<string, Operands> = new Map<string, Operands>([
  ...each('', ['explain', 'exec', 'port-forward'], one(WORKLOAD)),
  ['logs', many(WORKLOAD)],
  ['scale', many(names('service'))],
  ...each('set', ['image', 'env', 'resources'], one(names('service'))),
  ...each('rollout', ['status', 'history', 'undo', 'pause', 'resume', 'restart'], one(names('service'))),
  ...each('service', ['ps', 'inspect', 'scale', 'rm'], many(names('service'))),
  ...each('service', ['update', 'rollback', 'logs'], one(names('service'))),
  ...each('', ['cordon', 'uncordon', 'drain'], many(names('node'))),
  ['taint', one(names('node'))],
  ...each('node', ['ps', 'inspect'], many(names('node'))),
  ['node update', one(names('node'))],
  ['top nodes', many(names('node'))],
  ['top tasks', many(names('task'))],
  ...each('network', ['rm', 'inspect'], many(names('network'))),
  ['context rm', many({ type: 'contexts' })],
  ...each('context', ['use', 'show'], one({ type: 'contexts' })),
  ['down', one({ type: 'clusters' })],
]);

/** Commands whose operands are a kind and names of it, or KIND/NAME. */
const OF_A_KIND: ReadonlySet<string> = new Set(['get', 'describe', 'delete', 'label', 'wait', 'patch']);

/** What the values of options are, whichever command has them. */
const BY_OPTION: ReadonlyMap<string, Wanted> = new Map<string, Wanted>([
  ['--output', words('wide', 'json', 'yaml', 'name', 'jsonpath=', 'custom-columns=')],
  ['--namespace', { type: 'namespaces' }],
  ['--context', { type: 'contexts' }],
  ['--for', words('condition=Available', 'condition=Updated', 'condition=Scheduled', 'delete', 'jsonpath=')],
  ['--availability', words('active', 'pause', 'drain')],
  ['--types', words('normal', 'warning')],
]);

/** What to complete at a position; nothing if only the tree of commands can tell. */
export function wantedAt({ path, operands, option, word, passed }: Position): Wanted | undefined {
  if (passed) return undefined;
  if (option !== undefined) return BY_OPTION.get(option.long ?? '');
  if (OF_A_KIND.has(path)) {
    const [first] = operands;
    const slash = word.indexOf('/');
    if (slash > 0) return { type: 'names', kinds: [word.slice(0, slash)], qualified: true };
    if (first === undefined) return { type: 'kinds', ...(path === 'get' && { servers: true }) };
    return first.includes('/') || first.includes(',') ? undefined : names(first);
  }
  const own = BY_COMMAND.get(path);
  return own === undefined || (operands.length > 0 && !own.many) ? undefined : own.wanted;
}
