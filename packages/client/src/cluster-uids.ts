const REMEMBERED = 10_000;

/**
 * Remembers which cluster a revision belongs to. A cluster whose state was lost counts from the beginning again, under
 * another uid: without this, a revision of the old cluster would pass for one of the new cluster, and a gap would go
 * unnoticed.
 */
export class ClusterUids {
  /** The clusters of listed revisions, newest last. */
  readonly #byRevision = new Map<number, string>();
  #current: string | undefined;

  /** Notes the revision of a list. */
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

  /** Notes that the caller knows of this cluster, or of the loss of the previous one. */
  seen(uid: string | undefined): void {
    if (uid !== undefined) this.#current = uid;
  }

  of(revision: number): string | undefined {
    return this.#byRevision.get(revision) ?? this.#current;
  }
}
