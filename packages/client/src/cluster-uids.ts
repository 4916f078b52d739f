const REMEMBERED = 10_000;

/**
 * Which cluster a revision is of. A cluster whose state was lost begins to count anew, under another uid: a revision of
 * the old one would be taken for one of the new one, and a gap would go unnoticed.
 */
export class ClusterUids {
  /** Of lists, newest last. */
  readonly #byRevision = new Map<number, string>();
  #current: string | undefined;

  /** A list has told this revision. */
  listed(revision: number, uid: string | undefined): void {
    if (uid === undefined) return;
    this.#current = uid;
    this.#byRevision.delete(revision);
    this.#byRevision.set(revision, uid);
    if (this.#byRevision.size <= REMEMBERED) return;
    for (const oldest of this.#byRevision.keys()) {
      this.#byRevision.delete(oldest);
      break;
    }
  }

  /** The caller has heard of this cluster, or of the loss of the one before. */
  seen(uid: string | undefined): void {
    if (uid !== undefined) this.#current = uid;
  }

  of(revision: number): string | undefined {
    return this.#byRevision.get(revision) ?? this.#current;
  }
}
