import { CORE_KINDS, type KindInfo } from '@gantry/core';
import { usage } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Cx } from '../session.ts';

export { CORE_KINDS };

/** The kind a word names: `service`, `services`, `svc`. */
export function findKind(word: string, kinds: readonly KindInfo[]): KindInfo | undefined {
  const lower = word.toLowerCase();
  return kinds.find(
    ({ kind, plural, shortNames }) => kind === lower || plural === lower || shortNames.includes(lower),
  );
}

/**
 * The kind a word names; the cluster is asked only for a kind that is not one of the core's.
 *
 * @throws a usage error with what may have been meant
 */
export async function kindOf(cx: Cx, word: string): Promise<KindInfo> {
  const core = findKind(word, CORE_KINDS);
  if (core !== undefined) return core;
  const { kinds } = await (await cx.api()).info({ signal: cx.signal });
  const kind = findKind(word, kinds);
  if (kind !== undefined) return kind;
  const words = kinds.flatMap(({ kind: name, plural, shortNames }) => [name, plural, ...shortNames]);
  throw usage(
    `there is no kind "${word}"`,
    didYouMean(word, words) ?? 'list them with `gantry api-resources`',
  );
}
