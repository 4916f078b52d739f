import { CORE_KINDS, findCoreKind, findKind } from '../cluster/kinds.ts';
import type { AccessDecision } from '../io/io.ts';
import { EXIT } from '../output/exit-codes.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly allNamespaces?: boolean;
  readonly list?: boolean;
  readonly quiet?: boolean;
  readonly output?: string;
}

/** Verbs of kubectl and Docker, with the corresponding verbs of the API. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['update', 'apply'],
  ['edit', 'patch'],
  ['label', 'patch'],
  ['annotate', 'patch'],
  ['describe', 'get'],
  ['cp', 'exec'],
  ['portforward', 'port-forward'],
  ['log', 'logs'],
  ['undo', 'rollback'],
  ['cordon', 'drain'],
  ['uncordon', 'drain'],
]);

const OTHER_KINDS: ReadonlyMap<string, string> = new Map([
  ['tokens', 'token'],
  ['servers', 'server'],
  ['snapshot', 'state'],
]);

/** Defines `gantry auth can-i VERB KIND [NAME]`. */
export const auth: Define = (command, act) => {
  command
    .command('can-i')
    .description('Check whether your access token permits an operation: exit code 0 for yes, 1 for no')
    .argument('[verb]', 'get, list, watch, create, apply, patch, delete, logs, exec, port-forward, scale …')
    .argument('[kind]', 'a kind of object, KIND/NAME, or token, server, state, metrics')
    .argument('[name]', 'name of an object, which has no effect: roles apply to namespaces')
    .option('-A, --all-namespaces', 'ask about every namespace')
    .option('--list', 'list all permissions')
    .option('-q, --quiet', 'print nothing')
    .option('-o, --output <format>', 'json, yaml, jsonpath=TEMPLATE')
    .action(
      act<[string | undefined, string | undefined, string | undefined], Options>(
        async (cx, [verb, kind], options) => {
          if (options.list === true) return list(cx, options);
          if (verb === undefined || kind === undefined)
            throw usage('expected VERB KIND, or --list', 'gantry auth can-i scale service -n team-a');
          return ask(cx, verb, kind, options);
        },
      ),
    );
};

async function ask(cx: Cx, verb: string, word: string, options: Options): Promise<number> {
  const format = parseFormat(options.output);
  const kind = kindOf(word);
  const { namespace: own } = await cx.target();
  const everywhere = options.allNamespaces === true || findKind(kind, CORE_KINDS)?.namespaced === false;
  const namespace = everywhere || OTHERS.has(kind) ? undefined : own;
  const decision = await decide(cx, { verb: SYNONYMS.get(verb) ?? verb, kind, namespace });
  if (format.type !== 'table')
    cx.io.stdout.write(await renderData(format, decision, () => [String(decision.allowed)]));
  else if (options.quiet !== true) cx.print(decision.allowed ? 'yes' : `no: ${reason(decision)}`);
  return decision.allowed ? EXIT.ok : EXIT.failed;
}

const OTHERS: ReadonlySet<string> = new Set(['token', 'server', 'state', 'metrics']);

function kindOf(word: string): string {
  const [kind = ''] = word.toLowerCase().split('/');
  return findCoreKind(kind)?.kind ?? OTHER_KINDS.get(kind) ?? kind;
}

async function decide(
  cx: Cx,
  request: Parameters<Awaited<ReturnType<Cx['tokens']>>['mayI']>[0],
): Promise<AccessDecision> {
  const tokens = await cx.tokens();
  try {
    return await tokens.mayI(request);
  } catch (error) {
    const { code, issues } = problemOf(error);
    if (code === 'NOT_FOUND')
      throw new CliError('UNSUPPORTED', 'the server cannot answer this: it is older than this program');
    if (code !== 'INVALID_OBJECT') throw error;
    throw usage(issues.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }
}

function reason({ token, required }: AccessDecision): string {
  if (required === undefined) return `token "${token.name}" does not allow it`;
  const { role, namespace } = required;
  const where = namespace === '*' ? 'all namespaces' : `namespace ${namespace}`;
  return `token "${token.name}" is not ${role} of ${where}`;
}

async function list(cx: Cx, options: Options): Promise<number> {
  const format = parseFormat(options.output);
  const rules = await (await cx.tokens()).rules();
  if (format.type !== 'table') {
    cx.io.stdout.write(await renderData(format, rules, () => []));
    return EXIT.ok;
  }
  const rows = new Map<string, { kind: string; namespaces: string; verbs: string[] }>();
  for (const { verb, kind, namespaces } of rules.rules) {
    const key = `${kind} ${namespaces.join()}`;
    const row = rows.get(key) ?? { kind, namespaces: namespaces.join(','), verbs: [] };
    row.verbs.push(verb);
    rows.set(key, row);
  }
  const cells = [...rows.values()].map(({ kind, namespaces, verbs }) => [kind, namespaces, verbs.join(',')]);
  cx.io.stdout.write(renderTable([['KIND', 'NAMESPACES', 'VERBS'], ...cells]));
  return EXIT.ok;
}
