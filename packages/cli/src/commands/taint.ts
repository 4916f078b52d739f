import type { Node } from '@gantry/core/model';
import { CORE_KINDS, findKind } from '../cluster/kinds.ts';
import { getObject } from '../cluster/refs.ts';
import { changeTaints } from '../input/taints.ts';
import { usage } from '../output/problem.ts';
import { nodeName } from './cordon.ts';
import type { Define } from './entry.ts';

/** Defines `gantry taint NODE… key=value:Effect key-`. */
export const taint: Define = (command, act) => {
  command
    .argument('<words...>', 'names of nodes, then KEY=VALUE:EFFECT to set, KEY- to remove')
    .option('--dry-run', 'validate without storing anything')
    .action(
      act<[string[]], { dryRun?: boolean }>(async (cx, [words], { dryRun }) => {
        const at = words.findIndex((word) => /[=:]/.test(word) || word.endsWith('-'));
        if (at < 1)
          throw usage('expected NODE KEY=VALUE:EFFECT', 'gantry taint node-1 dedicated=db:NoSchedule');
        const kind = findKind('node', CORE_KINDS);
        const api = await cx.api();
        const names = words.slice(0, at);
        if (names.length > 1 && /^(nodes?|no)$/.test(names[0] ?? '')) names.shift(); // as in kubectl
        for (const id of names.map(nodeName)) {
          const node = (await getObject(cx, { kind: kind as NonNullable<typeof kind>, id })) as Node;
          const taints = changeTaints(node.spec.taints, words.slice(at));
          const call = { revision: node.meta.revision, dryRun, signal: cx.signal };
          await api.patch('node', id, { spec: { taints } }, call);
          cx.print(`node/${id} tainted${dryRun === true ? ' (dry run)' : ''}`);
        }
      }),
    );
};
