export { checkKey, checkPrefix, checkSince } from './check-key.ts';
export { encodeValue } from './encode-value.ts';
export { EventLog, type EventLogOptions } from './event-log.ts';
export {
  type RestoreOptions,
  restoreSnapshot,
  type SnapshotFacts,
  snapshotOf,
  takeSnapshot,
} from './snapshot.ts';
export {
  type Hash,
  readSnapshot,
  SNAPSHOT_FORMAT,
  type Snapshot,
  type SnapshotEntry,
  type SnapshotHeader,
  snapshotLines,
} from './snapshot-format.ts';
export { SortedEntries } from './sorted-entries.ts';
export { Watcher } from './watcher.ts';
