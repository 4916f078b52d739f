import { type AnyObject, type KindDefinition, selects } from '@gantry/core';

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
}

/** @throws `INVALID_OBJECT` for a selector that cannot be parsed. */
export function selectionOf({ namespaced }: KindDefinition, selecting: Selecting): Selection {
  const namespace = namespaced ? selecting.namespace : undefined;
  const { labels = '', fields = '' } = selecting;
  const all = namespace === undefined && labels.trim() === '' && fields.trim() === '';
  const has = selects({ namespace, labels, fields });
  return { key: all ? '' : JSON.stringify([namespace, labels, fields]), all, has };
}
