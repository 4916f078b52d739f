import { idOf } from '@gantry/core/model';
import { deleteAll } from '../../actions/delete-all.ts';
import { CORE_KINDS, findKind } from '../../cluster/kinds.ts';
import { getObject, idIn, type Ref } from '../../cluster/refs.ts';
import { pairs } from '../../docker/values.ts';
import { repeatable } from '../../input/repeatable.ts';
import type { Cx } from '../../session.ts';
import type { Define } from '../entry.ts';
import { runGet } from '../get.ts';

interface CreateOptions {
  readonly subnet?: string;
  readonly internal?: boolean;
  readonly label?: readonly string[];
}

const WAIT_MS = 60_000;

/** Defines `gantry network create|ls|inspect|rm`. */
export const network: Define = (command, act) => {
  command
    .command('create')
    .description('Create a network')
    .argument('<name>', 'its name')
    .option('--subnet <cidr>', 'such as 10.1.0.0/24 (default: chosen by the driver)')
    .option('--internal', 'give the network no outside access')
    .addOption(repeatable('--label <label>', 'KEY=VALUE'))
    .action(
      act<[string], CreateOptions>(async (cx, [name], { subnet, internal = false, label }) => {
        const { namespace } = await cx.target();
        const place = namespace === 'default' ? {} : { namespace };
        const spec = { internal, ...(subnet === undefined ? {} : { subnet }) };
        const meta = { name, ...place, labels: pairs(label) };
        const created = await (await cx.api()).create({ kind: 'network', meta, spec }, { signal: cx.signal });
        cx.print(`network/${idOf(created.meta)} created`);
      }),
    );
  command
    .command('ls')
    .alias('list')
    .description('List networks')
    .action(act((cx) => runGet(cx, ['network'], { headers: true })));
  command
    .command('inspect')
    .description('Show networks as JSON')
    .argument('<names...>', 'names of networks')
    .action(
      act<[string[]]>(async (cx, [names]) => {
        const refs = await Promise.all(names.map((name) => refOf(cx, name)));
        cx.print(JSON.stringify(await Promise.all(refs.map((ref) => getObject(cx, ref))), null, 2));
      }),
    );
  command
    .command('rm')
    .description('Remove networks that no service uses')
    .argument('<names...>', 'names of networks')
    .action(
      act<[string[]]>(async (cx, [names]) => {
        const refs = await Promise.all(names.map((name) => refOf(cx, name)));
        await deleteAll(cx, refs, { wait: true, timeoutMs: WAIT_MS });
      }),
    );
};

async function refOf(cx: Cx, name: string): Promise<Ref> {
  const kind = findKind('network', CORE_KINDS) as Ref['kind'];
  return { kind, id: idIn(await cx.target(), kind, name) };
}
