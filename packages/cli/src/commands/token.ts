import { repeatable } from '../input/repeatable.ts';
import type { TokenInfo } from '../io/io.ts';
import { parseDuration, showAge } from '../output/duration.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { usage } from '../output/problem.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

const ROLES = Object.freeze(['viewer', 'operator', 'admin'] as const);

interface CreateOptions {
  readonly role: string;
  readonly grant?: readonly string[];
  readonly expiresIn?: string;
  readonly output?: string;
}

/** Defines `gantry token create|ls|rm`. */
export const token: Define = (command, act) => {
  command
    .command('create')
    .description('Create an access token and show its secret, once')
    .argument('<name>', 'purpose of the token')
    .option('--role <role>', `${ROLES.join(', ')}; in every namespace, unless there are grants`, 'viewer')
    .addOption(repeatable('--grant <role@namespace>', 'a role in one namespace: operator@team-a'))
    .option('--expires-in <duration>', 'lifetime, such as 720h (default: never expires)')
    .option('-o, --output <format>', 'json, yaml, jsonpath=TEMPLATE')
    .action(act<[string], CreateOptions>((cx, [name], options) => create(cx, name, options)));
  command
    .command('ls')
    .description('List access tokens, without their secrets')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(act<[], { output?: string }>((cx, _, { output }) => list(cx, output)));
  command
    .command('rm')
    .description('Remove access tokens, which are rejected from then on')
    .argument('<ids...>', 'ids, as `ls` shows them')
    .action(
      act<[string[]]>(async (cx, [ids]) => {
        const tokens = await cx.tokens();
        for (const id of ids) {
          await tokens.remove(id);
          cx.print(`token ${id} removed`);
        }
      }),
    );
};

async function create(cx: Cx, name: string, options: CreateOptions): Promise<void> {
  const format = parseFormat(options.output);
  const grants = (options.grant ?? [`${options.role}@*`]).map(parseGrant);
  const { expiresIn } = options;
  const expiresInMs = expiresIn === undefined ? undefined : parseDuration(expiresIn, '--expires-in');
  const made = await (await cx.tokens()).create({ name, grants, expiresInMs });
  if (format.type !== 'table') {
    cx.io.stdout.write(await renderData(format, made, () => [made.id]));
    return;
  }
  cx.note(`token ${made.id} (${name}) created. This is its secret; it is not shown again:`);
  cx.print(made.token);
}

/** Parses `operator@team-a`, `viewer@*`. */
export function parseGrant(text: string): TokenInfo['grants'][number] {
  const [word, namespace = '', ...rest] = text.split('@');
  const role = ROLES.find((each) => each === word);
  if (role === undefined || namespace === '' || rest.length > 0) {
    throw usage(
      `expected ROLE@NAMESPACE, got "${text}"`,
      `a role is one of ${ROLES.join(', ')}; * is every namespace`,
    );
  }
  return { role, namespace };
}

async function list(cx: Cx, output: string | undefined): Promise<void> {
  const format = parseFormat(output);
  const items = await (await cx.tokens()).list();
  if (format.type !== 'table') {
    cx.io.stdout.write(await renderData(format, { items }, () => items.map(({ id }) => id)));
    return;
  }
  const now = (await cx.clock()).now();
  const rows = items.map(({ id, name, grants, createdAt, expiresAt }) => [
    id,
    name,
    grants.map(({ role, namespace }) => `${role}@${namespace}`).join(','),
    showAge(now - createdAt),
    expiresAt === undefined ? 'never' : expiresAt <= now ? 'expired' : `in ${showAge(expiresAt - now)}`,
  ]);
  cx.io.stdout.write(renderTable([['ID', 'NAME', 'GRANTS', 'AGE', 'EXPIRES'], ...rows]));
}
