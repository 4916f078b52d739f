import type { ClusterApi } from '@gantry/core/api';
import {
  type AnyObject,
  DEFAULT_NAMESPACE,
  idOf,
  isFinal,
  type Kind,
  type KindMap,
  type Task,
  type Template,
} from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { listEvents, regarding } from '../actions/list-events.ts';
import { allPages } from '../cluster/all-pages.ts';
import { columnsOf, rowsOf } from '../columns/index.ts';
import { type Field, renderFields } from '../output/fields.ts';
import { renderYaml } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { DescribeContext } from './common.ts';
import { metaFields } from './common.ts';
import { describeNode } from './node.ts';
import { describeService } from './service.ts';
import { describeTask } from './task.ts';
import { templateFields } from './template.ts';

/** Describes an object as text, with related objects and, unless `withEvents` is false, its events. */
export async function describeObject(
  cx: Pick<Cx, 'api' | 'signal'>,
  object: AnyObject,
  context: DescribeContext,
  withEvents = true,
): Promise<string> {
  const fields = await fieldsOf(cx, object, context);
  const events = withEvents && object.kind !== 'event' ? [await eventsField(cx, object, context)] : [];
  return renderFields([...fields, ...events], context.colors);
}

interface Source {
  readonly api: ClusterApi;
  readonly signal: AbortSignal;
}

type Describe<K extends Kind> = (
  object: KindMap[K],
  source: Source,
  context: DescribeContext,
) => Promise<Field[]>;

/** Descriptions of the kinds that have their own. */
const PAGES: { readonly [K in Kind]?: Describe<K> } = Object.freeze({
  service: async (service, source, context) => {
    const namespace = service.meta.namespace ?? DEFAULT_NAMESPACE;
    const tasks = await tasksIn(source, `spec.service=${idOf(service.meta)}`, namespace);
    return describeService(service, tasks, context);
  },
  task: async (task, source, context) =>
    describeTask(task, await templateOf(source, task.spec.template), context),
  node: async (node, source, context) => {
    const all = await tasksIn(source, `spec.node=${node.meta.name}`);
    const alive = all.filter(({ status }) => !isFinal(status.state));
    const names = [...new Set(alive.map(({ spec }) => spec.template))];
    const found = await Promise.all(names.map((name) => templateOf(source, name)));
    const templates = new Map(found.flatMap((each) => (each === undefined ? [] : [[each.meta.name, each]])));
    return describeNode(node, alive, templates, context);
  },
  template: async ({ meta, spec }, _source, context) => [
    ...metaFields(meta, context),
    ...templateFields(spec),
  ],
} satisfies { readonly [K in Kind]?: Describe<K> });

async function fieldsOf(
  cx: Pick<Cx, 'api' | 'signal'>,
  object: AnyObject,
  context: DescribeContext,
): Promise<Field[]> {
  const page = (Object.hasOwn(PAGES, object.kind) ? PAGES[object.kind] : undefined) as
    | Describe<Kind>
    | undefined;
  if (page === undefined) return plainFields(object, context);
  return page(object, { api: await cx.api(), signal: cx.signal }, context);
}

async function tasksIn({ api, signal }: Source, fields: string, namespace?: string): Promise<Task[]> {
  return (await allPages(api, 'task', { namespace, fields, signal })).items;
}

/** Describes an object of any other kind by its fields. */
async function plainFields(object: AnyObject, context: DescribeContext): Promise<Field[]> {
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  return [
    ...metaFields(object.meta, context),
    { title: 'Spec', text: await renderYaml(spec ?? {}) },
    { title: 'Status', text: status === undefined ? '' : await renderYaml(status) },
  ];
}

async function templateOf({ api, signal }: Source, name: string): Promise<Template | undefined> {
  return api.get('template', name, { signal }).catch(() => undefined); // the template may be gone
}

async function eventsField(
  cx: Pick<Cx, 'api' | 'signal'>,
  object: AnyObject,
  context: DescribeContext,
): Promise<Field> {
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
