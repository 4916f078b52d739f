import {
  type AnyObject,
  type ClusterApi,
  counted,
  DEFAULT_NAMESPACE,
  idOf,
  isFinal,
  type Kind,
  type Task,
  type Template,
} from '@gantry/core';
import { allPages } from '../cluster/all-pages.ts';
import { getObject, parseSelection } from '../cluster/refs.ts';
import { columnsOf, rowsOf } from '../columns/index.ts';
import type { DescribeContext } from '../describe/common.ts';
import { metaFields } from '../describe/common.ts';
import { describeNode } from '../describe/node.ts';
import { describeService } from '../describe/service.ts';
import { describeTask } from '../describe/task.ts';
import { templateFields } from '../describe/template.ts';
import { parseCount } from '../input/key-values.ts';
import { type Field, renderFields } from '../output/fields.ts';
import { renderYaml } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';
import { listEvents, regarding } from './events.ts';

interface Options {
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly events: boolean;
  readonly limit: string;
}

/** `gantry describe KIND NAME…`. */
export const describe: Define = (command, act) => {
  command
    .argument('<kind>', 'a kind, or KIND/NAME')
    .argument('[names...]', 'names of objects of the kind; all of them without one')
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
          const fields = await fieldsOf(cx, object, context);
          const events =
            options.events && object.kind !== 'event' ? [await eventsField(cx, object, context)] : [];
          cx.io.stdout.write(renderFields([...fields, ...events], cx.colors));
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
        fields: fieldSelector,
        signal: cx.signal,
      });
    }),
  );
  return lists.flatMap(({ items }) => items);
}

async function fieldsOf(cx: Cx, object: AnyObject, context: DescribeContext): Promise<Field[]> {
  const api = await cx.api();
  const tasks = async (fields: string, namespace?: string): Promise<Task[]> =>
    (await allPages(api, 'task', { namespace, fields, signal: cx.signal })).items;
  switch (object.kind) {
    case 'service':
      return describeService(
        object,
        await tasks(`spec.service=${idOf(object.meta)}`, object.meta.namespace ?? DEFAULT_NAMESPACE),
        context,
      );
    case 'task':
      return describeTask(object, await templateOf(api, object.spec.template, cx.signal), context);
    case 'node': {
      const all = await tasks(`spec.node=${object.meta.name}`);
      const alive = all.filter(({ status }) => !isFinal(status.state));
      const names = [...new Set(alive.map(({ spec }) => spec.template))];
      const found = await Promise.all(names.map((name) => templateOf(api, name, cx.signal)));
      const templates = new Map(
        found.flatMap((each) => (each === undefined ? [] : [[each.meta.name, each]])),
      );
      return describeNode(object, alive, templates, context);
    }
    case 'template':
      return [...metaFields(object.meta, context), ...templateFields(object.spec)];
    default:
      return plainFields(object, context);
  }
}

/** A kind that is not known more closely: its own fields as they are. */
async function plainFields(object: AnyObject, context: DescribeContext): Promise<Field[]> {
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  return [
    ...metaFields(object.meta, context),
    { title: 'Spec', text: await renderYaml(spec ?? {}) },
    { title: 'Status', text: status === undefined ? '' : await renderYaml(status) },
  ];
}

async function templateOf(api: ClusterApi, name: string, signal: AbortSignal): Promise<Template | undefined> {
  return api.get('template', name, { signal }).catch(() => undefined); // what it ran may be gone
}

async function eventsField(cx: Cx, object: AnyObject, context: DescribeContext): Promise<Field> {
  const fields = regarding(object.kind, idOf(object.meta)).join(',');
  const events = await listEvents(cx, { fields, namespace: object.meta.namespace });
  if (events.length === 0) return { title: 'Events', text: '' };
  const columns = columnsOf('event', { wide: false, namespaces: false }).filter(
    ({ title }) => title !== 'OBJECT',
  );
  const { limit } = context;
  const earlier = events.length - limit;
  const before = earlier > 0 ? `… ${counted(earlier, 'earlier event')}\n` : '';
  const rows = rowsOf(events.slice(Math.max(0, earlier)), columns, context);
  return { title: 'Events', text: `${before}${renderTable(rows)}` };
}
