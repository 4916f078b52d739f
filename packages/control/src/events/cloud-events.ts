import type { ViewEvent } from '@gantry/core/contracts';
import { type Event, idOf, isFinal, type Node, parseId, type Task } from '@gantry/core/model';
import type { CloudEvent, Subjects } from '@gantry/core/protocol';

/** An event, and the subject on which it is published. */
export interface Publication {
  readonly subject: string;
  readonly event: CloudEvent;
}

/**
 * Returns the publications of a batch of changes: recorded events, tasks that run or have ended, nodes that joined or
 * left.
 */
export function* publicationsOf(
  events: readonly ViewEvent<'event' | 'task' | 'node'>[],
  cluster: string,
  subjects: Subjects,
): Iterable<Publication> {
  for (const event of events) {
    const after = event.after?.value;
    const before = event.before?.value;
    if (after === undefined) continue;
    const news =
      after.kind === 'event'
        ? ofEvent(after)
        : after.kind === 'task'
          ? ofTask(after, before as Task | undefined)
          : ofNode(after, before as Node | undefined);
    if (news === undefined) continue;
    const { kind, id, reason, time, unique, data } = news;
    const { namespace, name } = parseId(id);
    yield {
      subject: subjects.event(namespace, kind, reason),
      event: {
        specversion: '1.0',
        id: unique,
        source: `/gantry/${cluster}`,
        type: `io.gantry.${kind}.${reason}`,
        subject: `${namespace}/${name}`,
        time: new Date(time).toISOString(),
        datacontenttype: 'application/json',
        data,
      },
    };
  }
}

interface News {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  /** ms since the epoch. */
  readonly time: number;
  readonly unique: string;
  readonly data: CloudEvent['data'];
}

function ofEvent({ meta, spec }: Event): News {
  const { regarding, reason, lastAt, count } = spec;
  const { kind, name: id } = regarding;
  return { kind, id, reason, time: lastAt, unique: `${meta.uid}.${count}`, data: spec };
}

function ofTask({ meta, spec, status }: Task, before: Task | undefined): News | undefined {
  const { state, since: time } = status;
  if (state === before?.status.state || !(state === 'running' || isFinal(state))) return undefined;
  const { service, slot, node } = spec;
  const data = { service, slot, node, ...status };
  return { kind: 'task', id: idOf(meta), reason: state, time, unique: `${meta.uid}.${state}`, data };
}

function ofNode({ meta, spec, status }: Node, before: Node | undefined): News | undefined {
  const { state, since: time } = status;
  if (state === before?.status.state) return undefined;
  const { message, capacity } = status;
  const data = { state, message, capacity, availability: spec.availability };
  return { kind: 'node', id: idOf(meta), reason: state, time, unique: `${meta.uid}.${state}.${time}`, data };
}
