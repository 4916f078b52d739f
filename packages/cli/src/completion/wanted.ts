/** What may stand at the place that is being completed, beyond what the tree of commands says. */
export type Wanted =
  | { readonly type: 'kinds' }
  | { readonly type: 'names'; readonly kinds: readonly string[] }
  | { readonly type: 'contexts' }
  | { readonly type: 'clusters' };

const names = (...kinds: string[]): Wanted => ({ type: 'names', kinds });

const BY_COMMAND: ReadonlyMap<string, Wanted> = new Map<string, Wanted>([
  ['explain', names('service', 'task')],
  ['logs', names('service', 'task')],
  ['exec', names('service', 'task')],
  ['port-forward', names('service', 'task')],
  ['scale', names('service')],
  ...['image', 'env', 'resources'].map((word): [string, Wanted] => [`set ${word}`, names('service')]),
  ...['status', 'history', 'undo', 'pause', 'resume', 'restart'].map((word): [string, Wanted] => [
    `rollout ${word}`,
    names('service'),
  ]),
  ...['ps', 'inspect', 'scale', 'update', 'rollback', 'logs', 'rm'].map((word): [string, Wanted] => [
    `service ${word}`,
    names('service'),
  ]),
  ...['cordon', 'uncordon', 'drain', 'taint', 'node ps', 'node inspect', 'node update'].map(
    (word): [string, Wanted] => [word, names('node')],
  ),
  ['network rm', names('network')],
  ['network inspect', names('network')],
  ...['use', 'show', 'rm'].map((word): [string, Wanted] => [`context ${word}`, { type: 'contexts' }]),
  ['down', { type: 'clusters' }],
]);

const OF_A_KIND: ReadonlySet<string> = new Set(['get', 'describe', 'delete', 'label', 'wait']);

/** Options that take a value, among those that stand before operands often. */
const VALUED: ReadonlySet<string> = new Set([
  '-n',
  '--namespace',
  '--context',
  '--server',
  '-o',
  '--output',
  '-l',
  '-f',
]);

/** What to complete behind these words; the last one is the one that is being typed. */
export function wantedAt(words: readonly string[]): Wanted | undefined {
  const before = operandsOf(words.slice(0, -1));
  const [command = '', first, second] = before;
  if (words.at(-1)?.startsWith('-')) return undefined;
  if (OF_A_KIND.has(command)) {
    if (first === undefined) return { type: 'kinds' };
    return first.includes('/') || first.includes(',') ? undefined : names(first);
  }
  const group = `${command} ${first ?? ''}`;
  const ofGroup = BY_COMMAND.get(group);
  if (ofGroup !== undefined) return second === undefined || repeats(group) ? ofGroup : undefined;
  const own = BY_COMMAND.get(command);
  return own === undefined || (first !== undefined && !repeats(command)) ? undefined : own;
}

/** Where several names may stand. */
function repeats(command: string): boolean {
  return /^(scale|cordon|uncordon|drain|taint|(service|node|network|context) (ps|inspect|rm|scale))$/.test(
    command,
  );
}

function operandsOf(words: readonly string[]): string[] {
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (!word.startsWith('-')) operands.push(word);
    else if (VALUED.has(word)) index += 1;
  }
  return operands;
}
