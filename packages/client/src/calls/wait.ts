import { type Clock, isGantryError, type Random, throwIfAborted } from '@gantry/core';
import { type ClusterApi, conditionHolds, type WaitOptions, waitedTooLong } from '@gantry/core/api';
import { DEFAULT_NAMESPACE, type Kind, type KindMap, parseId } from '@gantry/core/model';
import { Backoff } from '@gantry/core/primitives';

type Condition<K extends Kind> = string | ((object: KindMap[K]) => boolean);

interface WaitCall<K extends Kind> {
  readonly kind: K;
  readonly id: string;
  readonly namespaced: boolean;
  readonly condition: Condition<K>;
  readonly timeoutMs?: WaitOptions['timeoutMs'];
  readonly signal?: AbortSignal | undefined;
}

/** Resolves once the condition holds for the object; also waits for an object that does not exist yet. */
export async function waitOver<K extends Kind>(
  api: ClusterApi,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  call: WaitCall<K>,
): Promise<KindMap[K] | undefined> {
  const { timeoutMs } = call;
  const stop = new AbortController();
  const signals = call.signal === undefined ? [stop.signal] : [stop.signal, call.signal];
  const signal = AbortSignal.any(signals);
  const seen: { last: KindMap[K] | undefined } = { last: undefined };
  const cancel =
    timeoutMs === undefined
      ? () => {}
      : clock.after(timeoutMs, () => stop.abort(waitedTooLong(call, seen.last, timeoutMs)));
  try {
    const backoff = new Backoff(random);
    for (let listed = false; ; ) {
      throwIfAborted(signal);
      try {
        if (await observe(api, call, signal, seen)) return seen.last;
        listed = true;
      } catch (error) {
        throwIfAborted(signal);
        const lost = isGantryError(error, 'COMPACTED') && typeof error.details.uid === 'string';
        const away = listed && isGantryError(error, 'UNAVAILABLE', 'CLOSED', 'TIMEOUT');
        if (lost || !(away || isGantryError(error, 'COMPACTED'))) throw error;
      }
      await clock.sleep(backoff.next(), signal);
    }
  } finally {
    cancel();
    stop.abort();
  }
}

/** Checks the object, then its changes; returns whether the condition came true before the watch ended. */
async function observe<K extends Kind>(
  api: ClusterApi,
  { kind, id, namespaced, condition }: WaitCall<K>,
  signal: AbortSignal,
  seen: { last: KindMap[K] | undefined },
): Promise<boolean> {
  const { namespace, name } = namespaced ? parseId(id) : { namespace: undefined, name: id };
  const select = { fields: `meta.name=${name}`, ...(namespace === undefined ? {} : { namespace }), signal };
  const fits = (object: KindMap[K] | undefined): boolean => {
    if (object !== undefined) seen.last = object;
    if (condition === 'deleted') return object === undefined;
    return object !== undefined && conditionHolds(object, condition);
  };
  const isIt = ({ meta }: KindMap[K]): boolean =>
    meta.name === name && (!namespaced || (meta.namespace ?? DEFAULT_NAMESPACE) === namespace);
  const { items, revision } = await api.list(kind, select);
  if (fits(items.find(isIt))) return true;
  for await (const events of api.watch(kind, { ...select, since: revision })) {
    for (const { type, object } of events) {
      if (isIt(object) && fits(type === 'deleted' ? undefined : object)) return true;
    }
  }
  return false;
}
