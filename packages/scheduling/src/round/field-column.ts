import { type NodeView, nodeField, parseNodeField } from '@gantry/core';
import type { FieldColumn } from '../cluster-state.ts';

/** Numbers the values of a field in the order in which they occur. */
export function fieldColumn(values: readonly (string | undefined)[]): FieldColumn {
  const codeByValue = new Map<string | undefined, number>([[undefined, 0]]);
  const codes = Int32Array.from(values, (value) => {
    const known = codeByValue.get(value);
    if (known !== undefined) return known;
    const code = codeByValue.size;
    codeByValue.set(value, code);
    return code;
  });
  return { codes, size: codeByValue.size, codeOf: (value) => codeByValue.get(value) ?? -1 };
}

/** The values of `node.labels.zone` and its like; a field that cannot be parsed is one no node has. */
export function fieldValues(views: readonly NodeView[], field: string): readonly (string | undefined)[] {
  const parsed = parseNodeField(field);
  return views.map((view) => ('message' in parsed ? undefined : nodeField(view, parsed)));
}
