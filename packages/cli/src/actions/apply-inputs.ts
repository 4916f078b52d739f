import { isGantryError } from '@gantry/core';
import type { ApplyOptions } from '@gantry/core/api';
import { type AnyInput, type AnyObject, DEFAULT_NAMESPACE, idOf, type Kind } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { parseFormat, renderData } from '../output/format.ts';
import type { Cx } from '../session.ts';

export interface ManagerOptions {
  readonly manager?: string;
  readonly force?: boolean;
}

/** Applies objects, and reports the outcome for each. */
export async function applyInputs(
  cx: Cx,
  inputs: readonly AnyInput[],
  options: ManagerOptions & { readonly dryRun?: boolean; readonly output?: string },
): Promise<readonly AnyObject[]> {
  const format = parseFormat(options.output ?? 'name');
  const api = await cx.api();
  const before = await statesOf(cx, inputs);
  const call: ApplyOptions = {
    manager: options.manager,
    force: options.force,
    dryRun: options.dryRun,
    signal: cx.signal,
  };
  const stored = await api.applyAll(inputs, call);
  if (options.output !== undefined && format.type !== 'table') {
    const value = stored.length === 1 ? stored[0] : { kind: 'list', items: stored };
    const names = (): string[] => stored.map(({ kind, meta }) => `${kind}/${meta.name}`);
    cx.io.stdout.write(await renderData(format, value, names));
    return stored;
  }
  stored.forEach((object, index) => {
    cx.print(
      `${object.kind}/${idOf(object.meta)} ${outcome(before[index], object)}${options.dryRun ? ' (dry run)' : ''}`,
    );
  });
  return stored;
}

interface Before {
  readonly revision: number | undefined;
  readonly generation: number;
  readonly described: string;
}

/** Changes to these fields leave the generation unchanged. */
const describedBy = ({ labels, annotations }: AnyObject['meta']): string =>
  JSON.stringify([labels, annotations]);

function outcome(before: Before | undefined, after: AnyObject): string {
  if (before === undefined) return 'created';
  const same = before.generation === after.meta.generation && before.described === describedBy(after.meta);
  return same ? 'unchanged' : 'configured';
}

/** Maximum number of objects of a kind and namespace that are fetched individually; more are fetched with a list. */
const SINGLE = 8;

/** Returns the existing state of each object, if it exists. */
async function statesOf(cx: Cx, inputs: readonly AnyInput[]): Promise<readonly (Before | undefined)[]> {
  const api = await cx.api();
  const groups = new Map<string, { kind: Kind; namespace: string | undefined; ids: Set<string> }>();
  for (const { kind, meta } of inputs) {
    if (typeof meta?.name !== 'string') continue; // the cluster reports what is wrong with it
    const { namespace = DEFAULT_NAMESPACE } = meta;
    const key = `${kind} ${namespace}`;
    const group = groups.get(key) ?? { kind: kind as Kind, namespace, ids: new Set() };
    groups.set(key, group);
    group.ids.add(idOf(meta));
  }
  const found = new Map<string, Before>();
  const note = ({ kind, meta }: AnyObject): void => {
    const { revision, generation } = meta;
    found.set(`${kind}/${idOf(meta)}`, { revision, generation, described: describedBy(meta) });
  };
  const look = async (kind: Kind, namespace: string | undefined, ids: ReadonlySet<string>): Promise<void> => {
    try {
      if (ids.size > SINGLE)
        (await allPages(api, kind, { namespace, signal: cx.signal })).items.forEach(note);
      else for (const id of ids) note(await api.get(kind, id, { signal: cx.signal }));
    } catch (error) {
      if (!isGantryError(error, 'NOT_FOUND', 'INVALID_OBJECT')) throw error;
    }
  };
  for (const { kind, namespace, ids } of groups.values()) {
    if (ids.size > SINGLE) await look(kind, namespace, ids);
    else await Promise.all([...ids].map((id) => look(kind, namespace, new Set([id]))));
  }
  return inputs.map(({ kind, meta }) =>
    typeof meta?.name === 'string' ? found.get(`${kind}/${idOf(meta)}`) : undefined,
  );
}
