import type { Server } from '@gantry/core/model';
import type { CellContext, Column } from '../output/columns.ts';
import { showAge } from '../output/duration.ts';
import { tint } from './common.ts';

const ago = (time: number | undefined, now: number): string =>
  time === undefined ? '<none>' : showAge(now - time);

export const SERVER_COLUMNS: readonly Column<Server>[] = Object.freeze([
  { title: 'NAME', cell: ({ meta }: Server) => meta.name },
  { title: 'ROLE', cell: ({ status }: Server) => status.role },
  { title: 'STATE', cell: ({ status }: Server, { colors }: CellContext) => tint(colors, status.state) },
  { title: 'URLS', cell: ({ status }: Server) => status.urls.join(',') || '<none>' },
  { title: 'VERSION', cell: ({ status }: Server) => status.version },
  { title: 'AGE', cell: ({ meta }: Server, { now }: CellContext) => showAge(now - meta.createdAt) },
  { title: 'TERM', wide: true, cell: ({ status }: Server) => String(status.term ?? '<none>') },
  {
    title: 'LEADS FOR',
    wide: true,
    cell: ({ status }: Server, { now }: CellContext) => ago(status.leaderSince, now),
  },
  {
    title: 'LAST SEEN',
    wide: true,
    cell: ({ status }: Server, { now }: CellContext) => ago(status.lastSeenAt, now),
  },
]);
