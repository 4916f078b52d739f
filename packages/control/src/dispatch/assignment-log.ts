interface Note {
  readonly task: string;
  readonly revision: number;
}

interface Page {
  notes: Note[];
  /** What happened up to this revision has been forgotten. */
  forgotten: number;
}

const KEPT = 1000;

/**
 * Remembers for each node which of its tasks were assigned, told something else or removed lately, so that its agent can
 * be told these and no others. Bounded: who asks for more than is known is told everything.
 */
export class AssignmentLog {
  readonly #pages = new Map<string, Page>();
  readonly #floor: number;

  /** `floor`: what happened up to this revision did so before anybody took notes. */
  constructor(floor: number) {
    this.#floor = floor;
  }

  add(node: string, task: string, revision: number): void {
    const page = this.#pages.get(node) ?? { notes: [], forgotten: this.#floor };
    page.notes.push({ task, revision });
    if (page.notes.length > 2 * KEPT) {
      page.forgotten = page.notes[KEPT - 1]?.revision ?? page.forgotten;
      page.notes = page.notes.slice(KEPT);
    }
    this.#pages.set(node, page);
  }

  /** The tasks of a node that have changed after a revision, each once; undefined where that is not known. */
  since(node: string, since: number): ReadonlySet<string> | undefined {
    const page = this.#pages.get(node);
    if (since < (page?.forgotten ?? this.#floor)) return undefined;
    const changed = new Set<string>();
    const notes = page?.notes ?? [];
    for (let at = notes.length - 1; at >= 0; at--) {
      const { task, revision } = notes[at] as Note;
      if (revision <= since) break;
      changed.add(task);
    }
    return changed;
  }

  forget(node: string): void {
    this.#pages.delete(node);
  }
}
