import type { SelectOptions } from '@gantry/core/api';
import { type Event, idOf } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import type { Cx } from '../session.ts';

/** Selects the events about an object. */
export function regarding(kind: string, id: string): readonly string[] {
  return [`spec.regarding.kind=${kind}`, `spec.regarding.name=${id}`];
}

/** Returns events, oldest first. */
export async function listEvents(cx: Pick<Cx, 'api' | 'signal'>, select: SelectOptions): Promise<Event[]> {
  const { items } = await allPages(await cx.api(), 'event', { ...select, signal: cx.signal });
  return oldestFirst(items);
}

/** Sorts events by the time at which they last happened. */
export function oldestFirst(events: readonly Event[]): Event[] {
  return events.toSorted((a, b) => a.spec.lastAt - b.spec.lastAt || (idOf(a.meta) < idOf(b.meta) ? -1 : 1));
}
