import type { Condition, ObjectMeta } from '@gantry/core/model';
import { tint } from '../columns/common.ts';
import type { Colors } from '../output/colors.ts';
import { showAge } from '../output/duration.ts';
import type { Field } from '../output/fields.ts';
import { renderTable } from '../output/table.ts';

/** Context for a description besides the object. */
export interface DescribeContext {
  readonly now: number;
  readonly colors: Colors;
  /** Maximum number of rows of a table; further rows are only counted. */
  readonly limit: number;
}

/** Returns the first lines of every description. */
export function metaFields(meta: ObjectMeta, { now }: DescribeContext): Field[] {
  return [
    ['Name', meta.name],
    ['Namespace', meta.namespace],
    ['Labels', pairs(meta.labels)],
    ['Annotations', pairs(meta.annotations ?? {}).map(firstLine)],
    ['Created', showTime(meta.createdAt, now)],
    ['Deleted', meta.deletedAt === undefined ? undefined : showTime(meta.deletedAt, now)],
    ['Generation', meta.generation],
    ['Managers', Object.keys(meta.managers ?? {})],
  ];
}

/** Shortens a text to its first line, with at most 200 characters. */
function firstLine(text: string): string {
  const [line = ''] = text.split(/\r?\n/, 1);
  const shown = line.length > 200 ? line.slice(0, 199) : line;
  return shown === text ? text : `${shown}…`;
}

/** Formats a time as `2030-01-02T15:04:05.000Z (3m12s ago)`. */
export function showTime(ms: number, now: number): string {
  return `${new Date(ms).toISOString()} (${showAge(now - ms)} ago)`;
}

export function pairs(record: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(record).map(([key, value]) => `${key}=${value}`);
}

export function conditionsField(conditions: readonly Condition[], { now, colors }: DescribeContext): Field {
  const rows = conditions.map(({ type, status, reason, message, since }) => [
    type,
    tint(colors, status),
    showAge(now - since),
    reason,
    message,
  ]);
  const text =
    rows.length === 0 ? '' : renderTable([['TYPE', 'STATUS', 'SINCE', 'REASON', 'MESSAGE'], ...rows]);
  return { title: 'Conditions', text };
}
