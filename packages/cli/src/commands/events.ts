import type { SelectOptions } from '@gantry/core/api';
import { listEvents, regarding } from '../actions/list-events.ts';
import { printObjects } from '../actions/print-objects.ts';
import { watchObjects } from '../actions/watch-objects.ts';
import { CORE_KINDS, findKind } from '../cluster/kinds.ts';
import { parseRef } from '../cluster/refs.ts';
import { FORMATS, parseFormat } from '../output/format.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly for?: string;
  readonly types?: string;
  readonly watch?: boolean;
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly headers: boolean;
}

/** Defines `gantry events`. */
export const events: Define = (command, act) => {
  command
    .option('--for <object>', 'only about KIND/NAME')
    .option('--types <types>', 'only normal, or only warning')
    .option('-w, --watch', 'show events, then every further one')
    .option('-A, --all-namespaces', 'show events of every namespace')
    .option('-o, --output <format>', FORMATS)
    .option('--no-headers', 'omit the header row')
    .action(act<[], Options>((cx, _, options) => showEvents(cx, options)));
};

async function showEvents(cx: Cx, options: Options): Promise<void> {
  const select: SelectOptions = {
    fields: await fieldsOf(cx, options),
    // An event about an object such as a node need not be in the current namespace.
    namespace:
      options.allNamespaces === true || options.for !== undefined ? undefined : (await cx.target()).namespace,
  };
  const print = {
    format: parseFormat(options.output),
    headers: options.headers,
    namespaces: options.allNamespaces === true,
  };
  const kind = findKind('event', CORE_KINDS);
  if (options.watch === true && kind !== undefined) {
    await watchObjects(cx, kind, { ...print, select, listFirst: true });
    return;
  }
  const items = await listEvents(cx, select);
  if (items.length === 0 && print.format.type === 'table') cx.note('No events.');
  else await printObjects(cx, items, print);
}

async function fieldsOf(cx: Cx, options: Options): Promise<string | undefined> {
  const terms: string[] = [];
  if (options.for !== undefined) {
    const { kind, id } = await parseRef(cx, options.for);
    terms.push(...regarding(kind.kind, id));
  }
  const { types } = options;
  if (types !== undefined) {
    if (types !== 'normal' && types !== 'warning')
      throw usage(`--types: expected normal or warning, got "${types}"`);
    terms.push(`spec.type=${types}`);
  }
  return terms.length === 0 ? undefined : terms.join(',');
}
