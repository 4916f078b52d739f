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
 * Records for each node which of its tasks were assigned, changed or removed recently, so that its agent receives only
 * these. Bounded: an agent that asks for an older revision than is recorded receives everything.
 */
export class AssignmentLog {
  readonly #pages = new Map<string, Page>();
  readonly #floor: number;

  /** `floor`: changes up to this revision predate the log. */
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

  /**
   * Returns the tasks of a node that have changed after a revision, each once; undefined if the log does not reach back
   * that far.
   */
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
