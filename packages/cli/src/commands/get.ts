import { type AnyObject, type Event, idOf, type Kind } from '@gantry/core/model';
import { oldestFirst } from '../actions/list-events.ts';
import { type PrintOptions, printObjects } from '../actions/print-objects.ts';
import { watchObjects } from '../actions/watch-objects.ts';
import { allPages } from '../cluster/all-pages.ts';
import { translateFields } from '../cluster/field-selector.ts';
import { getObject, parseSelection, type Selection } from '../cluster/refs.ts';
import { getServer, listServers, SERVER_KIND } from '../cluster/servers.ts';
import { parseCount } from '../input/key-values.ts';
import { EXIT, exitCodeOf } from '../output/exit-codes.ts';
import { FORMATS, parseFormat } from '../output/format.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import { renderProblem } from '../output/render-problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

export interface GetOptions {
  readonly output?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly sortBy?: string;
  readonly limit?: string;
  readonly headers: boolean;
  readonly showLabels?: boolean;
  readonly watch?: boolean;
  readonly watchOnly?: boolean;
}

/** Defines `gantry get KIND [NAME…]`. */
export const get: Define = (command, act) => {
  command
    .argument(
      '<kind>',
      'a kind such as service or tasks, or servers; several divided by commas, or KIND/NAME',
    )
    .argument('[names...]', 'names of objects of the kind')
    .option('-o, --output <format>', FORMATS)
    .option('-A, --all-namespaces', 'show objects of every namespace')
    .option('-l, --selector <labels>', 'only objects with these labels: app=web,tier!=x')
    .option('--field-selector <fields>', 'only objects with these fields: spec.node=a,status.state!=failed')
    .option('--sort-by <path>', 'sort by a field: .meta.createdAt')
    .option('--limit <count>', 'maximum number of objects of each kind')
    .option('--no-headers', 'omit the header row')
    .option('--show-labels', 'add a column with labels')
    .option('-w, --watch', 'show objects, then every change to them')
    .option('--watch-only', 'show changes only')
    .action(
      act<[string, string[]], GetOptions>((cx, [kind, names], options) =>
        runGet(cx, [kind, ...names], options),
      ),
    );
};

/** Runs `get`, also for the commands that are shortcuts for it. */
export async function runGet(cx: Cx, words: readonly string[], options: GetOptions): Promise<number> {
  const selection = await parseSelection(cx, words, [SERVER_KIND]);
  const format = parseFormat(options.output);
  const print: PrintOptions = {
    format,
    headers: options.headers,
    namespaces: options.allNamespaces === true,
    labels: options.showLabels === true,
    single: selection.refs?.length === 1,
    kinds: selection.kinds,
  };
  if (options.watch === true || options.watchOnly === true) {
    await watchAll(cx, selection, print, options);
    return cx.signal.aborted ? EXIT.interrupted : EXIT.ok;
  }
  const { objects, failed } = await collect(cx, selection, options);
  const sorted =
    options.sortBy === undefined
      ? objects
      : (await import('../output/sort-by.ts')).sortBy(objects, options.sortBy);
  if (sorted.length > 0 || format.type !== 'table') await printObjects(cx, sorted, print);
  else if (failed === EXIT.ok) cx.note(await nothing(cx, selection, options));
  return failed;
}

/** Watches every kind of a selection; with several kinds, each row states its kind. */
async function watchAll(
  cx: Cx,
  { kinds, refs }: Selection,
  print: PrintOptions,
  options: GetOptions,
): Promise<void> {
  if (kinds.includes(SERVER_KIND)) {
    const hint = 'repeat the command: `watch gantry get servers`';
    throw new CliError('UNSUPPORTED', 'servers cannot be watched: they are not stored', hint);
  }
  const prefixed = kinds.length > 1;
  await Promise.all(
    kinds.map(async (kind) => {
      const own = refs?.filter((ref) => ref.kind.kind === kind.kind).map(({ id }) => id);
      await watchObjects(cx, kind, {
        ...print,
        prefixed,
        select: await selectors(cx, kind.namespaced, options),
        only: own === undefined ? undefined : new Set(own),
        listFirst: options.watchOnly !== true,
      });
    }),
  );
}

async function nothing(cx: Cx, { kinds }: Selection, { allNamespaces }: GetOptions): Promise<string> {
  const what = kinds.map(({ plural }) => plural).join(' or ');
  const { namespace } = await cx.target();
  const where =
    allNamespaces === true || kinds.every(({ namespaced }) => !namespaced)
      ? ''
      : ` in namespace ${namespace}`;
  return `No ${what}${where}.`;
}

async function selectors(
  cx: Cx,
  namespaced: boolean,
  { allNamespaces, selector, fieldSelector }: GetOptions,
): Promise<{ namespace: string | undefined; labels: string | undefined; fields: string | undefined }> {
  const namespace = namespaced && allNamespaces !== true ? (await cx.target()).namespace : undefined;
  return { namespace, labels: selector, fields: translateFields(fieldSelector) };
}

async function collect(
  cx: Cx,
  selection: Selection,
  options: GetOptions,
): Promise<{ objects: AnyObject[]; failed: number }> {
  const api = await cx.api();
  if (selection.refs === undefined) {
    const limit = options.limit === undefined ? undefined : parseCount(options.limit, '--limit');
    const lists = await Promise.all(
      selection.kinds.map(async ({ kind, namespaced }) => {
        const select = await selectors(cx, namespaced, options);
        if (kind === SERVER_KIND.kind) return (await listServers(cx, select)).slice(0, limit);
        const paged = limit === undefined ? {} : { limit };
        const { items } = await allPages(api, kind as Kind, { ...select, ...paged, signal: cx.signal });
        return kind === 'event' ? oldestFirst(items as Event[]) : items;
      }),
    );
    return { objects: lists.flat(), failed: EXIT.ok };
  }
  if (options.selector !== undefined || options.fieldSelector !== undefined) {
    throw usage('names and selectors exclude each other');
  }
  // A missing object does not keep the others from being shown.
  const found = await Promise.allSettled(
    selection.refs.map((ref) => (ref.kind === SERVER_KIND ? getServer(cx, ref.id) : getObject(cx, ref))),
  );
  const objects: AnyObject[] = [];
  let failed: number = EXIT.ok;
  for (const each of found) {
    if (each.status === 'fulfilled') {
      objects.push(each.value);
      continue;
    }
    if (found.length === 1) throw each.reason;
    const problem = problemOf(each.reason);
    cx.io.stderr.write(renderProblem(problem, cx.colors));
    failed = exitCodeOf(problem.code);
  }
  return {
    objects: [...new Map(objects.map((object) => [`${object.kind}/${idOf(object.meta)}`, object])).values()],
    failed,
  };
}
