import type { InputKind, Kind, KindMap } from '@gantry/core/model';
import { getObject, parseSelection, type Ref, showRef } from '../cluster/refs.ts';
import { parseChanges } from '../input/key-values.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Act, Define } from './entry.ts';

interface Options {
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

/** The map that a command changes, key by key, on any object that users write. */
interface MetaMap {
  readonly field: 'labels' | 'annotations';
  /** Past participle for the result: `labeled`. */
  readonly done: string;
  readonly example: string;
}

const LABELS: MetaMap = Object.freeze({
  field: 'labels',
  done: 'labeled',
  example: 'gantry label node node-1 zone=a',
});

const ANNOTATIONS: MetaMap = Object.freeze({
  field: 'annotations',
  done: 'annotated',
  example: 'gantry annotate service web example.com/owner="team a"',
});

/** Defines `gantry label KIND NAME… key=value key-`. */
export const label: Define = (command, act) => define(command, act, LABELS);

/** Defines `gantry annotate KIND NAME… key=value key-`. */
export const annotate: Define = (command, act) => define(command, act, ANNOTATIONS);

function define(command: Parameters<Define>[0], act: Act, map: MetaMap): void {
  command
    .argument('<words...>', 'KIND NAME… or KIND/NAME…, then KEY=VALUE to set, KEY- to remove')
    .option('--overwrite', `change ${map.field} that have another value`)
    .option('--dry-run', 'validate without storing anything')
    .action(
      act<[string[]], Options>(async (cx, [words], options) => {
        const at = words.findIndex((word) => word.includes('=') || word.endsWith('-'));
        if (at < 1) throw usage('expected KIND NAME KEY=VALUE', map.example);
        const changes = parseChanges(words.slice(at), 'KEY');
        const { refs } = await parseSelection(cx, words.slice(0, at));
        if (refs === undefined) throw usage('expected the name of an object');
        for (const ref of refs) await changeOne(cx, ref, map, changes, options);
      }),
    );
}

/** Sets labels of one object; fails if the object is changed concurrently. */
export const labelOne = (
  cx: Cx,
  ref: Ref,
  changes: Readonly<Record<string, string | null>>,
  options: Options,
): Promise<void> => changeOne(cx, ref, LABELS, changes, options);

async function changeOne(
  cx: Cx,
  ref: Ref,
  { field, done }: MetaMap,
  changes: Readonly<Record<string, string | null>>,
  options: Options,
): Promise<void> {
  if (!ref.kind.writable)
    throw new CliError('UNSUPPORTED', `the ${field} of a ${ref.kind.kind} are set by the cluster`);
  const { meta } = await getObject(cx, ref);
  const current = meta[field] ?? {};
  const taken = Object.entries(changes).find(
    ([key, value]) => value !== null && Object.hasOwn(current, key) && current[key] !== value,
  );
  if (taken !== undefined && options.overwrite !== true) {
    const [key] = taken;
    throw new CliError(
      'CONFLICT',
      `${showRef(ref)} has ${key}=${current[key]}`,
      'change it with --overwrite',
    );
  }
  const api = await cx.api();
  const call = { revision: meta.revision, dryRun: options.dryRun, signal: cx.signal };
  const patch = { meta: { [field]: changes } };
  const kind = ref.kind.kind as InputKind;
  const after: KindMap[Kind] = await api.patch(kind, ref.id, patch, call);
  const same = JSON.stringify(after.meta[field]) === JSON.stringify(meta[field]);
  cx.print(
    `${showRef(ref)} ${same ? `not ${done}: nothing to change` : done}${options.dryRun === true ? ' (dry run)' : ''}`,
  );
}
