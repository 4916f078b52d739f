import {
  type AnyObject,
  type ClusterApi,
  counted,
  DEFAULT_NAMESPACE,
  idOf,
  isFinal,
  type Task,
  type Template,
} from '@gantry/core';
import { allPages } from '../cluster/all-pages.ts';
import { columnsOf, rowsOf } from '../columns/index.ts';
import { listEvents, regarding } from '../commands/events.ts';
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

/** All about an object as text, with what belongs to it and, unless they are unwanted, its events. */
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

async function fieldsOf(
  cx: Pick<Cx, 'api' | 'signal'>,
  object: AnyObject,
  context: DescribeContext,
): Promise<Field[]> {
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
