import type { Availability } from '@gantry/core/model';
import { withSuggestion } from '../cluster/refs.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** Defines `gantry cordon NODE…`. */
export const cordon: Define = (command, act) => {
  command
    .argument('<nodes...>', 'names of nodes')
    .action(act<[string[]]>((cx, [nodes]) => setAll(cx, nodes, 'pause', 'cordoned')));
};

/** Defines `gantry uncordon NODE…`. */
export const uncordon: Define = (command, act) => {
  command
    .argument('<nodes...>', 'names of nodes')
    .action(act<[string[]]>((cx, [nodes]) => setAll(cx, nodes, 'active', 'uncordoned')));
};

async function setAll(
  cx: Cx,
  nodes: readonly string[],
  availability: Availability,
  done: string,
): Promise<void> {
  for (const word of nodes) {
    const node = nodeName(word);
    await setAvailability(cx, node, availability);
    cx.print(`node/${node} ${done}`);
  }
}

/** Accepts both `node/a` and `a`. */
export const nodeName = (word: string): string => word.replace(/^(node|nodes|no)\//, '');

export async function setAvailability(cx: Cx, node: string, availability: Availability): Promise<void> {
  const api = await cx.api();
  await withSuggestion(cx, 'node', node, () =>
    api.setAvailability(node, availability, { signal: cx.signal }),
  );
}
