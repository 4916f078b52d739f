import type { NodeView } from '@gantry/core/contracts';
import { nodeField, parseNodeField } from '@gantry/core/model';
import type { FieldColumn } from '../cluster-state.ts';

/** Numbers the values of a field in the order in which they occur. */
export function fieldColumn(values: readonly (string | undefined)[]): FieldColumn {
  const codeByValue = new Map<string | undefined, number>([[undefined, 0]]);
  const codes = new Int32Array(values.length);
  values.forEach((value, index) => {
    const code = codeByValue.get(value) ?? codeByValue.size;
    codeByValue.set(value, code);
    codes[index] = code;
  });
  return { codes, size: codeByValue.size, codeOf: (value) => codeByValue.get(value) ?? -1 };
}

/** Returns a reader of a field such as `node.labels.zone`; for a field that cannot be parsed, no node has a value. */
export function fieldReader(field: string): (view: NodeView) => string | undefined {
  const parsed = parseNodeField(field);
  return 'message' in parsed ? () => undefined : (view) => nodeField(view, parsed);
}
