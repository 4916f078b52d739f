import type { Server } from '../model/server.ts';

/** The API servers of a cluster, as this process knows them; provided by the control plane. */
export interface Servers {
  /**
   * Sorted by name. Without election this process is the only one. A server that sends nothing for 6 s is
   * `unreachable`, and removed after 10 min, or as soon as it is replaced by one with the same identity.
   */
  list(): readonly Server[];
  /** Adds a URL to those of this process; the returned function removes it again. */
  advertise(url: string): () => void;
}
