import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Context,
  changeContexts,
  readContexts,
  withContext,
  withoutContext,
} from '../context/contexts-file.ts';
import { contextsPath } from '../context/paths.ts';
import { readAll } from '../input/manifests.ts';
import { repeatable } from '../input/repeatable.ts';
import { renderFields } from '../output/fields.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { inNaturalOrder } from '../output/natural-order.ts';
import { CliError, usage } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface AddOptions {
  readonly server: readonly string[];
  readonly token?: string;
  readonly ca?: string;
  readonly inNamespace?: string;
  readonly use?: boolean;
}

/** Defines `gantry context ls|use|show|add|rm`. */
export const context: Define = (command, act) => {
  command
    .command('ls')
    .description('List the contexts')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(act<[], { output?: string }>((cx, _, { output }) => list(cx, output)));
  command
    .command('use')
    .description('Select the context of further commands')
    .argument('<name>', 'name of a context')
    .action(
      act<[string]>(async (cx, [name]) => {
        await changeContexts(cx.io.env, (contexts) => {
          known(contexts.contexts, name);
          return { ...contexts, current: name };
        });
        cx.print(`Current context: ${name}`);
      }),
    );
  command
    .command('show')
    .description('Show a context, without its token')
    .argument('[name]', 'name of a context (default: the current one)')
    .action(act<[string | undefined]>((cx, [name]) => show(cx, name)));
  command
    .command('add')
    .description('Add or replace a context')
    .argument('<name>', 'its name')
    .addOption(
      repeatable(
        '--server <url>',
        'URL of the API; further ones are used if the first fails',
      ).makeOptionMandatory(),
    )
    .option('--token <token>', 'access token; - reads it from standard input')
    .option('--ca <file>', "certificate authority of the server's certificate, PEM")
    .option('--in-namespace <name>', 'namespace of this context')
    .option('--use', 'make it the current context')
    .action(act<[string], AddOptions>((cx, [name], options) => add(cx, name, options)));
  command
    .command('rm')
    .description('Remove a context; the cluster stays')
    .argument('<names...>', 'names of contexts')
    .action(
      act<[string[]]>(async (cx, [names]) => {
        await changeContexts(cx.io.env, (contexts) => {
          for (const name of names) known(contexts.contexts, name);
          return names.reduce((rest, name) => withoutContext(rest, name), contexts);
        });
        for (const name of names) cx.print(`context ${name} removed`);
      }),
    );
};

function known(contexts: Readonly<Record<string, Context>>, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  throw new CliError(
    'NOT_FOUND',
    `context "${name}" not found`,
    didYouMean(name, Object.keys(contexts)) ?? 'list them with `gantry context ls`',
  );
}

async function list(cx: Cx, output: string | undefined): Promise<void> {
  const format = parseFormat(output);
  const { current, contexts } = await readContexts(cx.io.env);
  const items = inNaturalOrder(Object.entries(contexts), ([name]) => name).map(
    ([name, { server, namespace }]) => ({
      name,
      current: name === current,
      server,
      namespace: namespace ?? 'default',
    }),
  );
  if (format.type !== 'table') {
    cx.io.stdout.write(await renderData(format, { items }, () => items.map(({ name }) => name)));
    return;
  }
  if (items.length === 0)
    return cx.note('No contexts. Start a cluster with `gantry up -d`, or add one with `gantry context add`.');
  const rows = items.map((each) => [each.current ? '*' : '', each.name, each.server, each.namespace]);
  cx.io.stdout.write(renderTable([['CURRENT', 'NAME', 'SERVER', 'NAMESPACE'], ...rows]));
}

async function show(cx: Cx, word: string | undefined): Promise<void> {
  const { current, contexts } = await readContexts(cx.io.env);
  const name = word ?? cx.globals.context ?? (cx.io.env.GANTRY_CONTEXT || current);
  if (name === undefined)
    throw new CliError('NOT_FOUND', 'no context is selected', 'choose one with `gantry context use NAME`');
  const { server, servers = [], token, namespace, ca } = known(contexts, name);
  cx.io.stdout.write(
    renderFields(
      [
        ['Name', name],
        ['Server', [server, ...servers]],
        ['Namespace', namespace ?? 'default'],
        ['Token', token === undefined ? 'none' : 'set'],
        ['CA', ca === undefined ? undefined : 'set'],
        ['File', contextsPath(cx.io.env)],
      ],
      cx.colors,
    ),
  );
}

async function add(cx: Cx, name: string, options: AddOptions): Promise<void> {
  for (const url of options.server) {
    if (/^https?:\/\/./.test(url) && URL.canParse(url)) continue;
    throw usage(`--server: expected a URL such as https://host:7410, got "${url}"`);
  }
  const [server = '', ...servers] = options.server.map((url) => url.replace(/\/+$/, ''));
  const { inNamespace, token: given } = options;
  const token = given === '-' ? (await readAll(cx.io.stdin, cx.signal)).trim() : given;
  const ca = options.ca === undefined ? undefined : await readFile(resolve(cx.io.cwd, options.ca), 'utf8');
  const entry: Context = {
    server,
    ...(servers.length === 0 ? {} : { servers }),
    ...(token === undefined || token === '' ? {} : { token }),
    ...(ca === undefined ? {} : { ca }),
    ...(inNamespace === undefined ? {} : { namespace: inNamespace }),
  };
  const { current } = await changeContexts(cx.io.env, (all) =>
    withContext(all, name, entry, options.use === true),
  );
  cx.print(`context ${name} added${current === name ? '; it is the current one' : ''}`);
}
