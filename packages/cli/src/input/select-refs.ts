import { idOf, type Kind } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { translateFields } from '../cluster/field-selector.ts';
import { kindOf } from '../cluster/kinds.ts';
import { parseSelection, type Ref } from '../cluster/refs.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import { type FilesOptions, readInputs } from './files-option.ts';

export interface SelectRefsOptions extends FilesOptions {
  readonly all?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
}

/**
 * Returns the objects that a command acts on: objects in files, named objects, or objects of a kind that selectors or
 * `--all` select in the namespace.
 *
 * @throws a usage error if several of these are combined, and for a kind on its own
 */
export async function selectRefs(
  cx: Cx,
  words: readonly string[],
  options: SelectRefsOptions,
): Promise<readonly Ref[]> {
  const { all, selector, fieldSelector } = options;
  if (options.filename !== undefined) {
    if (words.length > 0) throw usage('-f and a kind exclude each other');
    const inputs = await readInputs(cx, options);
    return Promise.all(
      inputs.map(async (input) => ({ kind: await kindOf(cx, input.kind), id: idOf(input.meta) })),
    );
  }
  const { kinds, refs } = await parseSelection(cx, words);
  const selects = all === true || selector !== undefined || fieldSelector !== undefined;
  if (refs !== undefined) {
    if (selects) throw usage('names exclude --all and selectors');
    return refs;
  }
  if (!selects)
    throw usage('expected names, --all or -l', 'all objects of a kind are selected by --all only');
  const api = await cx.api();
  const { namespace } = await cx.target();
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const place = kind.namespaced ? { namespace } : {};
      const select = {
        ...place,
        labels: selector,
        fields: translateFields(fieldSelector),
        signal: cx.signal,
      };
      const { items } = await allPages(api, kind.kind as Kind, select);
      return items.map(({ meta }) => ({ kind, id: idOf(meta) }));
    }),
  );
  return found.flat();
}
