import { CORE_KINDS, type KindInfo } from '@gantry/core';
import { kindWord } from '../output/field-words.ts';
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

/** The kind of the core that a word names, which may be another orchestrator's: `pods` are tasks. */
export function findCoreKind(word: string): KindInfo | undefined {
  const named = kindWord(word);
  return findKind(named !== undefined && 'kind' in named ? named.kind : word, CORE_KINDS);
}

/**
 * The kind a word names; the cluster is asked only for a kind that is not one of the core's. Words of other orchestrators
 * name the kind of the core that comes closest, unless the cluster has a kind of that name. `also`: what the caller takes
 * beside kinds.
 *
 * @throws a usage error with what may have been meant
 */
export async function kindOf(cx: Cx, word: string, also: readonly KindInfo[] = []): Promise<KindInfo> {
  const core = findKind(word, [...CORE_KINDS, ...also]);
  if (core !== undefined) return core;
  const named = kindWord(word);
  const known = async (): Promise<readonly KindInfo[]> =>
    (await (await cx.api()).info({ signal: cx.signal })).kinds;
  const kinds = named === undefined ? await known() : await known().catch(() => CORE_KINDS);
  const kind = findKind(word, kinds) ?? findCoreKind(word);
  if (kind !== undefined) return kind;
  const words = kinds.flatMap(({ kind: name, plural, shortNames }) => [name, plural, ...shortNames]);
  throw usage(
    `unknown kind "${word}"`,
    named !== undefined && 'advice' in named
      ? named.advice
      : (didYouMean(word, words) ?? 'list them with `gantry api-resources`'),
  );
}
