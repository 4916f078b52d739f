import { type AnyObject, type KindDefinition, selects } from '@gantry/core';
import type { EnvAccess } from '../auth/env-access.ts';

export interface Selecting {
  readonly namespace?: string | undefined;
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

/** Which objects of a kind a watch is about. */
export interface Selection {
  /** Equal for watches about the same, which then share what is made for them. */
  readonly key: string;
  readonly all: boolean;
  readonly has: (object: AnyObject) => boolean;
  /** The object as it is shown to the watcher; absent: as it is. */
  readonly show?: (<T extends AnyObject>(object: T) => T) | undefined;
}

/** @throws `INVALID_OBJECT` for a selector that cannot be parsed. */
export function selectionOf(
  { namespaced }: KindDefinition,
  selecting: Selecting,
  access: EnvAccess = { key: '', show: (object) => object },
): Selection {
  const namespace = namespaced ? selecting.namespace : undefined;
  const { labels = '', fields = '' } = selecting;
  const whole = access.key === '';
  const all = whole && namespace === undefined && labels.trim() === '' && fields.trim() === '';
  const has = selects({ namespace, labels, fields });
  const key = JSON.stringify([namespace, labels, fields, ...(whole ? [] : [access.key])]);
  return { key: all ? '' : key, all, has, ...(whole ? {} : { show: access.show }) };
}
