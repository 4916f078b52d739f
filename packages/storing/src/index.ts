export { checkKey, checkPrefix, checkSince } from './check-key.ts';
export { encodeValue } from './encode-value.ts';
export { EventLog, type EventLogOptions } from './event-log.ts';
export { SortedEntries } from './sorted-entries.ts';
export { Watcher } from './watcher.ts';
