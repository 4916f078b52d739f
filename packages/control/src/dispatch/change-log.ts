interface Note {
  readonly name: string;
  readonly revision: number;
}

/** Minimum number of notes kept. */
const KEPT = 1000;

/**
 * Records which objects have changed recently and when, so that a reader receives only these. Bounded: a reader that
 * asks for an older revision than is recorded must receive everything.
 */
export class ChangeLog {
  #notes: Note[] = [];
  /** Changes up to this revision are not remembered. */
  #floor: number;

  /** `floor`: the revision after which every change is added. */
  constructor(floor: number) {
    this.#floor = floor;
  }

  /** `revision` must not be below that of an earlier call. */
  add(name: string, revision: number): void {
    this.#notes.push({ name, revision });
    if (this.#notes.length <= 2 * KEPT) return;
    this.#floor = this.#notes[KEPT - 1]?.revision ?? this.#floor;
    this.#notes = this.#notes.slice(KEPT);
  }

  /** What has changed after a revision, each once; undefined if that is not remembered. */
  since(revision: number): ReadonlySet<string> | undefined {
    if (revision < this.#floor) return undefined;
    const changed = new Set<string>();
    for (let at = this.#notes.length - 1; at >= 0; at--) {
      const note = this.#notes[at] as Note;
      if (note.revision <= revision) break;
      changed.add(note.name);
    }
    return changed;
  }
}
