import {
  type AnyObject,
  DEFAULT_NAMESPACE,
  type Event,
  idOf,
  isFinal,
  type Kind,
  type Node,
  type Service,
  type Task,
} from '@gantry/core/model';
import { serviceState } from '../columns/service-columns.ts';
import { taskState } from '../columns/task-columns.ts';
import { naturalKey } from '../output/natural-order.ts';
import type { UsageOf } from './usage-of.ts';

/** Kinds that the live view lists, in the order of their number keys. */
export const VIEW_KINDS = ['node', 'service', 'task', 'event'] as const satisfies readonly Kind[];
export type ViewKind = (typeof VIEW_KINDS)[number];

export const PLURAL: Readonly<Record<ViewKind, string>> = Object.freeze({
  node: 'nodes',
  service: 'services',
  task: 'tasks',
  event: 'events',
});

/** Sort key of a row: numbers sort by value, texts in natural order. */
type SortKey = (object: AnyObject, usage: UsageOf) => number | string;

const NAME: SortKey = ({ meta }) => naturalKey(`${meta.namespace ?? DEFAULT_NAMESPACE}/${meta.name}`);
const AGE: SortKey = ({ meta }) => -meta.createdAt;
const STATE: SortKey = (object) => naturalKey(stateOf(object));
const CPU: SortKey = (object, usage) => usage(object)?.cpu ?? -1;
const MEMORY: SortKey = (object, usage) => usage(object)?.memory ?? -1;

/** Columns by which each kind can be sorted; the first one is the default. */
export const SORTS: Readonly<Record<ViewKind, Readonly<Record<string, SortKey>>>> = Object.freeze({
  node: { NAME, STATE, CPU, MEMORY, AGE },
  service: { NAME, STATE, CPU, MEMORY, AGE },
  task: {
    NAME,
    NODE: (object) => naturalKey((object as Task).spec.node ?? ''),
    STATE,
    RESTARTS: (object) => (object as Task).spec.restarts,
    CPU,
    MEMORY,
    SINCE: (object) => -(object as Task).status.since,
    AGE,
  },
  event: {
    LAST: (object) => -(object as Event).spec.lastAt,
    TYPE: (object) => (object as Event).spec.type,
    REASON: (object) => (object as Event).spec.reason,
    OBJECT: (object) => naturalKey(regardingOf(object as Event)),
    COUNT: (object) => (object as Event).spec.count,
  },
});

/** Columns sorted in descending order by default. */
export const HIGHEST_FIRST: ReadonlySet<string> = new Set(['CPU', 'MEMORY', 'RESTARTS', 'COUNT']);

const regardingOf = ({ spec: { regarding } }: Event): string => `${regarding.kind}/${regarding.name}`;

function stateOf(object: AnyObject): string {
  if (object.kind === 'service') return serviceState(object);
  if (object.kind === 'task') return taskState(object);
  return object.kind === 'node' ? object.status.state : '';
}

/** The lower-case text that a filter searches. */
export function searchText(object: AnyObject): string {
  const parts = [idOf(object.meta), stateOf(object)];
  if (object.kind === 'task') parts.push(object.spec.node ?? '', object.status.message ?? '');
  if (object.kind === 'service') parts.push(object.spec.template.image ?? '', object.spec.mode);
  if (object.kind === 'node') parts.push(object.spec.availability);
  if (object.kind === 'event')
    parts.push(regardingOf(object), object.spec.type, object.spec.reason, object.spec.message);
  for (const [key, value] of Object.entries(object.meta.labels)) parts.push(`${key}=${value}`);
  return parts.join(' ').toLowerCase();
}

/** Whether an object is healthy, for the counts in the title. */
export function isHealthy(object: Node | Service | Task): boolean {
  if (object.kind === 'node') return object.status.state === 'ready';
  if (object.kind === 'task') return object.status.state === 'running' && object.status.ready;
  return object.status.progress?.state !== 'failed' && object.status.ready >= object.status.desired;
}

/** Whether a task has ended for good: such tasks are listed, but not counted as expected to run. */
export const hasEnded = (task: Task): boolean => isFinal(task.status.state);
