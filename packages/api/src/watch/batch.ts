import type { AnyObject } from '@gantry/core/model';
import type { Selection } from './selection.ts';

/** A change as seen by a watch of the whole kind, with the previous state of the object. */
export interface Change {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly revision: number;
  readonly object: AnyObject;
  /** `unknown`: the change happened before the hub listed the objects. */
  readonly before: AnyObject | 'unknown' | undefined;
}

type Line = readonly [type: Change['type'], object: AnyObject];

/**
 * Changes that are sent together, always including all changes of a revision. Encoded once for all watchers of the
 * whole kind.
 */
export class Batch {
  readonly first: number;
  readonly last: number;
  /** The lines of all changes. */
  readonly bytes: Buffer;
  readonly #changes: readonly Change[];
  readonly #selected = new Map<string, Buffer>();

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
    this.first = changes[0]?.revision ?? 0;
    this.last = changes.at(-1)?.revision ?? 0;
    this.bytes = this.#told(changes.map(({ type, object }) => lineOf(type, object)));
  }

  /** Returns the lines for one selection, limited to changes above a revision. */
  linesFor(selection: Selection, above: number): Buffer {
    const whole = above < this.first;
    if (whole && selection.all) return this.bytes;
    const known = whole ? this.#selected.get(selection.key) : undefined;
    if (known !== undefined) return known;
    const lines: string[] = [];
    for (const change of this.#changes) {
      if (change.revision <= above) continue;
      const line = selection.all ? ([change.type, change.object] as const) : selectLine(change, selection);
      if (line !== undefined) lines.push(lineOf(line[0], selection.show?.(line[1]) ?? line[1]));
    }
    const bytes = this.#told(lines);
    if (whole) this.#selected.set(selection.key, bytes);
    return bytes;
  }

  /** Several changes may share a revision; the bookmark after them says that the last revision is complete. */
  #told(lines: readonly string[]): Buffer {
    return Buffer.from(lines.length === 0 ? '' : lines.join('') + bookmarkLine(this.last));
  }

  /** Drops the encodings for individual selections; watchers that lag behind have them built again. */
  settle(): void {
    this.#selected.clear();
  }
}

/** What a change means to watchers of a selection; `undefined` if it does not affect them. */
export function selectLine({ type, object, before, revision }: Change, { has }: Selection): Line | undefined {
  const fitted = before === 'unknown' ? undefined : before !== undefined && has(before);
  if (type === 'deleted') {
    // The object of a deletion is its last state.
    return (fitted ?? has(object)) ? ['deleted', object] : undefined;
  }
  if (has(object)) {
    if (fitted === undefined) return [type, object];
    return [fitted ? 'modified' : 'added', object];
  }
  if (fitted === false) return undefined;
  // It may have been selected before; a client that does not know the object can ignore the line.
  const last = typeof before === 'object' ? before : object;
  return ['deleted', { ...last, meta: { ...last.meta, revision } } as AnyObject];
}

export function lineOf(type: Change['type'], object: AnyObject): string {
  return `{"type":"${type}","object":${JSON.stringify(object)}}\n`;
}

/** Tells the client that it has received everything up to this revision. */
export function bookmarkLine(revision: number): string {
  return `{"type":"bookmark","revision":${revision}}\n`;
}
