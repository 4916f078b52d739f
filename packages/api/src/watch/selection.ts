import { selects } from '@gantry/core/api';
import type { AnyObject, KindDefinition } from '@gantry/core/model';
import { type SpecAccess, WHOLE } from '../auth/spec-access.ts';

export interface Selecting {
  readonly namespace?: string | undefined;
  readonly labels?: string | undefined;
  readonly fields?: string | undefined;
}

/** The objects of a kind that a watch selects. */
export interface Selection {
  /** Equal for watches of the same selection, which then share their encoded lines. */
  readonly key: string;
  readonly all: boolean;
  readonly has: (object: AnyObject) => boolean;
  /** Returns the object as shown to the watcher; absent: shown in full. */
  readonly show?: (<T extends AnyObject>(object: T) => T) | undefined;
}

/**
 * Builds a selection.
 * @throws `INVALID_OBJECT` for a selector that cannot be parsed.
 */
export function selectionOf(
  { namespaced }: KindDefinition,
  selecting: Selecting,
  access: SpecAccess = WHOLE,
): Selection {
  const namespace = namespaced ? selecting.namespace : undefined;
  const { labels = '', fields = '' } = selecting;
  const whole = access.key === '';
  const all = whole && namespace === undefined && labels.trim() === '' && fields.trim() === '';
  const has = selects({ namespace, labels, fields });
  const key = JSON.stringify([namespace, labels, fields, ...(whole ? [] : [access.key])]);
  return { key: all ? '' : key, all, has, ...(whole ? {} : { show: access.show }) };
}
