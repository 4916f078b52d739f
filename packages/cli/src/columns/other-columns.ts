import type { Event, NetworkObject, Template } from '@gantry/core/model';
import type { CellContext, Column } from '../output/columns.ts';
import { showAge } from '../output/duration.ts';
import { AGE, NAME, showLabels, tint } from './common.ts';

export const NETWORK_COLUMNS: readonly Column<NetworkObject>[] = Object.freeze([
  NAME,
  { title: 'SUBNET', cell: ({ spec }: NetworkObject) => spec.subnet ?? '<auto>' },
  { title: 'INTERNAL', cell: ({ spec }: NetworkObject) => String(spec.internal) },
  AGE,
  { title: 'LABELS', wide: true, cell: ({ meta }: NetworkObject) => showLabels(meta.labels) },
]);

export const TEMPLATE_COLUMNS: readonly Column<Template>[] = Object.freeze([
  NAME,
  { title: 'IMAGE', cell: ({ spec }: Template) => spec.image ?? '<none>' },
  { title: 'COMMAND', cell: ({ spec }: Template) => [...spec.command, ...spec.args].join(' ') || '<none>' },
  AGE,
]);

export const EVENT_COLUMNS: readonly Column<Event>[] = Object.freeze([
  { title: 'LAST', cell: ({ spec }: Event, { now }: CellContext) => showAge(now - spec.lastAt) },
  { title: 'TYPE', cell: ({ spec }: Event, { colors }: CellContext) => tint(colors, spec.type) },
  { title: 'REASON', cell: ({ spec }: Event) => spec.reason },
  { title: 'OBJECT', cell: ({ spec }: Event) => `${spec.regarding.kind}/${spec.regarding.name}` },
  { title: 'COUNT', cell: ({ spec }: Event) => String(spec.count) },
  { title: 'MESSAGE', cell: ({ spec }: Event) => spec.message },
  {
    title: 'FIRST',
    wide: true,
    cell: ({ spec }: Event, { now }: CellContext) => showAge(now - spec.firstAt),
  },
  { title: 'NAME', wide: true, cell: ({ meta }: Event) => meta.name },
]);
