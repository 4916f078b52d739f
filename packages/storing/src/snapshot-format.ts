import { GantryError } from '@gantry/core';
import { counted } from '@gantry/core/primitives';

/** Version of the format below. */
export const SNAPSHOT_FORMAT = 1;

/** What is said of a snapshot in its first line. */
export interface SnapshotHeader {
  readonly gantry: 'snapshot';
  readonly format: number;
  /** Schema version of the stored objects; absent if the cluster stores none. */
  readonly schema?: number | undefined;
  readonly cluster?: string | undefined;
  /** RFC 3339. */
  readonly takenAt: string;
  /** The revision of the store at which all of it was so. */
  readonly revision: number;
  readonly entries: number;
}

export interface SnapshotEntry {
  readonly key: string;
  readonly value: unknown;
}

/** A snapshot that was read and found whole. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly entries: readonly SnapshotEntry[];
}

/**
 * The lines of a snapshot as JSON: a header, each entry, and a last one with the SHA-256 of all before it.
 *
 * @param hash takes text and, at the end, gives the hash
 */
export function* snapshotLines({ header, entries }: Snapshot, hash: Hash): Iterable<string> {
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    return text;
  };
  yield line(header);
  for (const { key, value } of entries) yield line({ key, value });
  yield `${JSON.stringify({ sha256: hash.digest('hex') })}\n`;
}

/** The part of a hash of `node:crypto` that is used here. */
export interface Hash {
  update(text: string): unknown;
  digest(encoding: 'hex'): string;
}

/**
 * Reads a snapshot and checks it.
 *
 * @throws `INVALID_OBJECT` with the line, for a text that is not a snapshot, for an unknown format, and for a truncated
 * or damaged snapshot.
 */
export function readSnapshot(text: string, hash: Hash): Snapshot {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first, ...rest] = lines;
  const header = parse(first ?? '', 1) as Partial<SnapshotHeader>;
  if (header.gantry !== 'snapshot') throw invalid('it is not a snapshot of Gantry', 1);
  if (header.format !== SNAPSHOT_FORMAT)
    throw invalid(`its format is ${String(header.format)}; this version reads format ${SNAPSHOT_FORMAT}`, 1);
  const last = rest.pop();
  hash.update(`${first}\n`);
  const entries = rest.map((line, index): SnapshotEntry => {
    hash.update(`${line}\n`);
    const { key, value } = parse(line, index + 2) as Partial<SnapshotEntry>;
    if (typeof key !== 'string' || value === undefined) throw invalid('this is not an entry', index + 2);
    return { key, value };
  });
  const { sha256 } = parse(last ?? '', lines.length) as { sha256?: unknown };
  if (typeof sha256 !== 'string') throw invalid('its end is missing', lines.length);
  if (sha256 !== hash.digest('hex')) throw invalid('it is damaged: its SHA-256 differs', lines.length);
  if (entries.length !== header.entries)
    throw invalid(
      `it has ${counted(entries.length, 'entry', 'entries')} instead of ${header.entries}`,
      lines.length,
    );
  return { header: header as SnapshotHeader, entries };
}

function parse(line: string, number: number): object {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // told below
  }
  throw invalid('this line is not a JSON object: the snapshot is truncated or damaged', number);
}

function invalid(message: string, line: number): GantryError {
  return new GantryError('INVALID_OBJECT', `snapshot, line ${line}: ${message}`, { details: { line } });
}
