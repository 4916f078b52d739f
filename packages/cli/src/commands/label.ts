import type { InputKind, Kind, KindMap } from '@gantry/core';
import { getObject, parseSelection, type Ref, showRef } from '../cluster/refs.ts';
import { parseChanges } from '../input/key-values.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

/** `gantry label KIND NAME… key=value key-`. */
export const label: Define = (command, act) => {
  command
    .argument('<words...>', 'KIND NAME… or KIND/NAME…, then KEY=VALUE to set, KEY- to take off')
    .option('--overwrite', 'change labels that have another value')
    .option('--dry-run', 'do all but store')
    .action(
      act<[string[]], Options>(async (cx, [words], options) => {
        const at = words.findIndex((word) => word.includes('=') || word.endsWith('-'));
        if (at < 1) throw usage('expected KIND NAME KEY=VALUE', 'gantry label node node-1 zone=a');
        const changes = parseChanges(words.slice(at), 'KEY');
        const { refs } = await parseSelection(cx, words.slice(0, at));
        if (refs === undefined) throw usage('expected the name of an object');
        for (const ref of refs) await labelOne(cx, ref, changes, options);
      }),
    );
};

/** Sets labels of one object, if nobody has changed it meanwhile. */
export async function labelOne(
  cx: Cx,
  ref: Ref,
  changes: Readonly<Record<string, string | null>>,
  options: Options,
): Promise<void> {
  if (!ref.kind.writable)
    throw new CliError('UNSUPPORTED', `the labels of a ${ref.kind.kind} are set by the cluster`);
  const { meta } = await getObject(cx, ref);
  const taken = Object.entries(changes).find(
    ([key, value]) => value !== null && meta.labels[key] !== undefined && meta.labels[key] !== value,
  );
  if (taken !== undefined && options.overwrite !== true) {
    const [key] = taken;
    throw new CliError(
      'CONFLICT',
      `${showRef(ref)} has ${key}=${meta.labels[key]}`,
      'change it with --overwrite',
    );
  }
  const api = await cx.api();
  const call = { revision: meta.revision, dryRun: options.dryRun, signal: cx.signal };
  const patch = { meta: { labels: changes } };
  const kind = ref.kind.kind as InputKind;
  const after: KindMap[Kind] = await api.patch(kind, ref.id, patch, call);
  const same = JSON.stringify(after.meta.labels) === JSON.stringify(meta.labels);
  cx.print(
    `${showRef(ref)} ${same ? 'not labeled: nothing to change' : 'labeled'}${options.dryRun === true ? ' (dry run)' : ''}`,
  );
}
