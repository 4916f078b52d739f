import type { AnyObject, Kind } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { translateFields } from '../cluster/field-selector.ts';
import { getObject, parseSelection } from '../cluster/refs.ts';
import { describeObject } from '../describe/describe-object.ts';
import { parseCount } from '../input/key-values.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly events: boolean;
  readonly limit: string;
}

/** Defines `gantry describe KIND NAME…`. */
export const describe: Define = (command, act) => {
  command
    .argument('<kind>', 'a kind, or KIND/NAME')
    .argument('[names...]', 'names of objects of the kind (default: all)')
    .option('-l, --selector <labels>', 'only objects with these labels')
    .option('--field-selector <fields>', 'only objects with these fields: spec.node=a,status.state!=failed')
    .option('--no-events', 'omit events')
    .option('--limit <count>', 'maximum number of objects, and of tasks and events of each of them', '50')
    .action(
      act<[string, string[]], Options>(async (cx, [kind, names], options) => {
        const objects = await objectsOf(cx, [kind, ...names], options);
        const limit = parseCount(options.limit, '--limit');
        const context = { now: (await cx.clock()).now(), colors: cx.colors, limit };
        for (const [index, object] of objects.slice(0, limit).entries()) {
          if (index > 0) cx.print('\n---\n');
          cx.io.stdout.write(await describeObject(cx, object, context, options.events));
        }
        if (objects.length === 0) cx.note(`No ${kind}.`);
        if (objects.length > limit)
          cx.note(`… and ${objects.length - limit} more; show them with names, -l or --limit`);
      }),
    );
};

async function objectsOf(
  cx: Cx,
  words: readonly string[],
  { selector, fieldSelector }: Options,
): Promise<readonly AnyObject[]> {
  const { kinds, refs } = await parseSelection(cx, words);
  if (refs !== undefined) return Promise.all(refs.map((ref) => getObject(cx, ref)));
  const api = await cx.api();
  const { namespace } = await cx.target();
  const lists = await Promise.all(
    kinds.map(({ kind, namespaced }) => {
      const place = namespaced ? { namespace } : {};
      return allPages(api, kind as Kind, {
        ...place,
        labels: selector,
        fields: translateFields(fieldSelector),
        signal: cx.signal,
      });
    }),
  );
  return lists.flatMap(({ items }) => items);
}
