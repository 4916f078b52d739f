import { CORE_KINDS, type KindInfo } from '@gantry/core/model';
import { kindWord } from '../output/field-words.ts';
import { usage } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Cx } from '../session.ts';

export { CORE_KINDS };

/** Finds the kind for a word: `service`, `services`, `svc`. */
export function findKind(word: string, kinds: readonly KindInfo[]): KindInfo | undefined {
  const lower = word.toLowerCase();
  return kinds.find(
    ({ kind, plural, shortNames }) => kind === lower || plural === lower || shortNames.includes(lower),
  );
}

/** Finds the core kind for a word, which may come from another orchestrator: `pods` are tasks. */
export function findCoreKind(word: string): KindInfo | undefined {
  const named = kindWord(word);
  return findKind(named !== undefined && 'kind' in named ? named.kind : word, CORE_KINDS);
}

/**
 * Resolves a word to a kind. Asks the cluster only if the word is not a core kind. Words of other orchestrators resolve
 * to the closest core kind, unless the cluster has a kind of that name. `also`: further kinds that the caller accepts.
 *
 * @throws a usage error with suggestions
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
