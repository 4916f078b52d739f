import type { Position } from './position.ts';

/** What may be completed at a position, beyond the tree of commands. */
export type Wanted =
  /** `servers`: includes servers. */
  | { readonly type: 'kinds'; readonly servers?: boolean }
  /** Names of objects of these kinds; `qualified`: as KIND/NAME. */
  | { readonly type: 'names'; readonly kinds: readonly string[]; readonly qualified?: boolean }
  | { readonly type: 'contexts' }
  | { readonly type: 'clusters' }
  | { readonly type: 'namespaces' }
  | { readonly type: 'words'; readonly words: readonly string[] };

const names = (...kinds: string[]): Wanted => ({ type: 'names', kinds });
const words = (...all: string[]): Wanted => ({ type: 'words', words: all });

/** Completion for the operands of a command; `many`: for all of them, not only for the first. */
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

/** Commands whose operands are a kind with names, or KIND/NAME. */
const OF_A_KIND: ReadonlySet<string> = new Set(['get', 'describe', 'delete', 'label', 'wait', 'patch']);

/** Completion for the values of options, in any command. */
const BY_OPTION: ReadonlyMap<string, Wanted> = new Map<string, Wanted>([
  ['--output', words('wide', 'json', 'yaml', 'name', 'jsonpath=', 'custom-columns=')],
  ['--namespace', { type: 'namespaces' }],
  ['--context', { type: 'contexts' }],
  ['--for', words('condition=Available', 'condition=Updated', 'condition=Scheduled', 'delete', 'jsonpath=')],
  ['--availability', words('active', 'pause', 'drain')],
  ['--types', words('normal', 'warning')],
]);

/** Returns what to complete at a position; undefined if it follows from the tree of commands. */
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
