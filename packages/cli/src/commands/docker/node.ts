import { type Availability, isFinal, type Node } from '@gantry/core/model';
import { printObjects } from '../../actions/print-objects.ts';
import { allPages } from '../../cluster/all-pages.ts';
import { CORE_KINDS, findKind } from '../../cluster/kinds.ts';
import { getObject, type Ref } from '../../cluster/refs.ts';
import { FORMAT_HELP, inspectRow, nodeRow, printRows } from '../../docker/format.ts';
import { pairs } from '../../docker/values.ts';
import { repeatable } from '../../input/repeatable.ts';
import { usage } from '../../output/problem.ts';
import type { Cx } from '../../session.ts';
import { nodeName, setAvailability } from '../cordon.ts';
import type { Define } from '../entry.ts';
import { runGet } from '../get.ts';
import { labelOne } from '../label.ts';

interface UpdateOptions {
  readonly availability?: string;
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
}

/** Defines `gantry node ls|ps|inspect|update`. */
export const node: Define = (command, act) => {
  command
    .command('ls')
    .alias('list')
    .description('List nodes')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[], { format?: string }>(async (cx, _, { format }) => {
        if (format === undefined) return runGet(cx, ['node'], { headers: true });
        const { items } = await allPages(await cx.api(), 'node', { signal: cx.signal });
        return printRows(cx, format, items.map(nodeRow));
      }),
    );
  command
    .command('ps')
    .description('List the tasks of nodes')
    .argument('<nodes...>', 'names of nodes')
    .option('-a, --all', 'also those that have ended')
    .action(
      act<[string[]], { all?: boolean }>(async (cx, [words], { all }) => {
        const api = await cx.api();
        const lists = await Promise.all(
          words.map(async (word) => {
            const { meta } = await getObject(cx, refOf(word));
            return (await allPages(api, 'task', { fields: `spec.node=${meta.name}`, signal: cx.signal }))
              .items;
          }),
        );
        const tasks = lists.flat().filter(({ status }) => all === true || !isFinal(status.state));
        if (tasks.length === 0) return cx.note('No tasks.');
        await printObjects(cx, tasks, {
          format: { type: 'table', wide: false },
          headers: true,
          namespaces: true,
        });
      }),
    );
  command
    .command('inspect')
    .description('Show nodes as JSON')
    .argument('<nodes...>', 'names of nodes')
    .option('-f, --format <template>', FORMAT_HELP)
    .action(
      act<[string[]], { format?: string }>(async (cx, [words], { format }) => {
        const nodes = await Promise.all(words.map((word) => getObject(cx, refOf(word))));
        if (format !== undefined) return printRows(cx, format, nodes.map(inspectRow), false);
        cx.print(JSON.stringify(nodes as readonly Node[], null, 2));
      }),
    );
  command
    .command('update')
    .description('Change a node')
    .argument('<node>', 'name of a node')
    .option('--availability <availability>', 'active, pause or drain')
    .addOption(repeatable('--label-add <label>', 'KEY=VALUE'))
    .addOption(repeatable('--label-rm <key>', 'KEY'))
    .action(act<[string], UpdateOptions>((cx, [word], options) => update(cx, word, options)));
};

function refOf(word: string): Ref {
  return { kind: findKind('node', CORE_KINDS) as Ref['kind'], id: nodeName(word) };
}

async function update(
  cx: Cx,
  word: string,
  { availability, labelAdd, labelRm = [] }: UpdateOptions,
): Promise<void> {
  const ref = refOf(word);
  const gone = labelRm.map((key): [string, null] => [key, null]);
  const changes = { ...Object.fromEntries(gone), ...pairs(labelAdd) };
  if (availability === undefined && Object.keys(changes).length === 0)
    throw usage('expected something to change');
  if (Object.keys(changes).length > 0) await labelOne(cx, ref, changes, { overwrite: true });
  if (availability === undefined) return;
  const known: readonly Availability[] = ['active', 'pause', 'drain'];
  const wanted = known.find((each) => each === availability);
  if (wanted === undefined)
    throw usage(`--availability: expected one of ${known.join(', ')}, got "${availability}"`);
  await setAvailability(cx, ref.id, wanted);
  cx.print(`node/${ref.id} ${wanted}`);
}
