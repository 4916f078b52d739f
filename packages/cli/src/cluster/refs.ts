import { type AnyObject, idOf, type Kind, type KindInfo } from '@gantry/core/model';
import type { ChosenTarget } from '../context/choose-target.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Cx } from '../session.ts';
import { CORE_KINDS, findCoreKind, findKind, kindOf } from './kinds.ts';

/** A reference to one object. */
export interface Ref {
  readonly kind: KindInfo;
  readonly id: string;
}

/** Formats a reference as users write it: `service/web`. */
export const showRef = ({ kind, id }: Ref): string => `${kind.kind}/${id}`;

/** The id for a name in the current namespace. */
export function idIn(target: Pick<ChosenTarget, 'namespace'>, kind: KindInfo, name: string): string {
  if (!kind.namespaced || name.includes('/')) return name;
  return idOf({ name, namespace: target.namespace });
}

/** The kinds that `all` stands for: what users deploy, and what results from it. */
const ALL: readonly KindInfo[] = Object.freeze(
  CORE_KINDS.filter(({ kind }) => ['service', 'task', 'network'].includes(kind)),
);

/** Kinds, or objects by name: `service web api`, `service/web task/x`, `services,tasks`. */
export interface Selection {
  readonly kinds: readonly KindInfo[];
  /** Selected objects (default: all objects of these kinds). */
  readonly refs?: readonly Ref[] | undefined;
}

/**
 * Parses the operands of `get`, `describe`, `delete` …: a kind with names, or a list of `KIND/NAME`. `also`: further
 * kinds that the command accepts.
 */
export async function parseSelection(
  cx: Cx,
  words: readonly string[],
  also: readonly KindInfo[] = [],
): Promise<Selection> {
  const [first, ...names] = words;
  if (first === undefined)
    throw usage('expected a kind, or KIND/NAME', 'list the kinds with `gantry api-resources`');
  const target = await cx.target();
  if (first.includes('/')) {
    const refs = await Promise.all(words.map((word) => parseRef(cx, word, also)));
    return { kinds: [...new Map(refs.map(({ kind }) => [kind.kind, kind])).values()], refs };
  }
  const kinds =
    first === 'all' ? ALL : await Promise.all(first.split(',').map((word) => kindOf(cx, word, also)));
  if (names.length === 0) return { kinds };
  const bad = names.find((name) => name.includes('/') && !kinds.every(({ namespaced }) => namespaced));
  if (bad !== undefined) throw usage(`expected a name, got "${bad}"`);
  return {
    kinds,
    refs: kinds.flatMap((kind) => names.map((name) => ({ kind, id: idIn(target, kind, name) }))),
  };
}

/** Parses `KIND/NAME`. */
export async function parseRef(cx: Cx, word: string, also: readonly KindInfo[] = []): Promise<Ref> {
  const slash = word.indexOf('/');
  const [kindWord, name] = [word.slice(0, slash), word.slice(slash + 1)];
  if (slash <= 0 || name === '') throw usage(`expected KIND/NAME, got "${word}"`);
  const kind = await kindOf(cx, kindWord, also);
  return { kind, id: idIn(await cx.target(), kind, name) };
}

/**
 * Parses `KIND/NAME` of the given kinds, or a name on its own: names of tasks contain dots, names of services do not.
 */
export async function parseWorkload<K extends 'service' | 'task'>(
  cx: Cx,
  word: string,
  kinds: readonly K[],
): Promise<{ readonly kind: K; readonly id: string }> {
  const target = await cx.target();
  const slash = word.indexOf('/');
  const named = slash > 0 ? findCoreKind(word.slice(0, slash)) : undefined;
  const bare: 'service' | 'task' = word.includes('.') ? 'task' : 'service';
  const kindWord = named?.kind ?? bare;
  const kind =
    kinds.find((each) => each === kindWord) ??
    (kinds.length === 1 && named === undefined ? kinds[0] : undefined);
  if (kind === undefined) {
    const expected = kinds.map((each) => `${each}/NAME`).join(' or ');
    throw usage(`expected ${expected}, got "${word}"`);
  }
  const info = findKind(kind, CORE_KINDS) as KindInfo;
  return { kind, id: idIn(target, info, named === undefined ? word : word.slice(slash + 1)) };
}

/** Parses a service: `web`, `service/web`, `team-a/web`. */
export async function parseService(cx: Cx, word: string): Promise<string> {
  return (await parseWorkload(cx, word, ['service'])).id;
}

/** Performs a call on an object; if the object is not found, similar names are suggested. */
export async function withSuggestion<T>(
  cx: Cx,
  kind: string,
  id: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code !== 'NOT_FOUND' || problem.hint !== undefined) throw error;
    const api = await cx.api();
    const list = async (namespace?: string): Promise<readonly string[]> =>
      (await api.list(kind as Kind, { namespace, signal: cx.signal })).items.map(({ meta }) => idOf(meta));
    // The token may be limited to this namespace.
    const names = await list()
      .catch(async () => list((await cx.target()).namespace))
      .catch((): readonly string[] => []);
    const elsewhere = names.find((name) => name !== id && name.split('/').at(-1) === id.split('/').at(-1));
    const hint =
      elsewhere === undefined
        ? didYouMean(id, names)
        : `did you mean ${elsewhere}? It is in another namespace: -n`;
    throw new CliError(
      'NOT_FOUND',
      problem.message,
      hint ?? `list what there is with \`gantry get ${kind} -A\``,
    );
  }
}

/** Gets an object, or suggests similar names. */
export async function getObject(cx: Cx, { kind, id }: Ref): Promise<AnyObject> {
  const api = await cx.api();
  return withSuggestion(cx, kind.kind, id, () => api.get(kind.kind as Kind, id, { signal: cx.signal }));
}
