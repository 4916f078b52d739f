import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { counted } from '@gantry/core/primitives';
import {
  readSnapshot,
  restoreSnapshot,
  type Snapshot,
  snapshotLines,
  snapshotOf,
  takeSnapshot,
} from '@gantry/storing';
import { secretsIn } from '../cluster/secrets-in.ts';
import { renderFields } from '../output/fields.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { CliError, problemOf } from '../output/problem.ts';
import { openProgress } from '../output/progress.ts';
import { type StoreOptions, storePart } from '../parts/store-part.ts';
import { withStore as opened } from '../parts/with-store.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';
import { withNats, withStore } from './part-options.ts';

const PIECE_LENGTH = 65_536;

interface Options extends Partial<StoreOptions> {
  readonly name: string;
  readonly replace?: boolean;
}

/** Defines `gantry snapshot save|restore|inspect`. */
export const snapshot: Define = (command, act) => {
  const save = command
    .command('save')
    .description('Write the whole state of the selected cluster, or of a store, to a file')
    .argument('<file>', 'file to write; it is replaced')
    .option('--name <name>', 'name of the cluster, for --store', 'gantry');
  withNats(withStore(save, { optional: true })).action(
    act<[string], Options>((cx, [file], options) => saveTo(cx, file, options)),
  );
  const restore = command
    .command('restore')
    .description('Write a saved state into a store whose servers are stopped')
    .argument('<file>', 'file written by `save`')
    .option('--name <name>', 'name of the cluster', 'gantry')
    .option('--replace', 'replace the current contents of the store');
  withNats(withStore(restore)).action(
    act<[string], Options>((cx, [file], options) => restoreFrom(cx, file, options)),
  );
  command
    .command('inspect')
    .description('Check a file written by `save`, and describe its contents')
    .argument('<file>', 'the file')
    .option('-o, --output <format>', 'json, yaml, jsonpath=TEMPLATE')
    .action(act<[string], { output?: string }>((cx, [file], { output }) => inspect(cx, file, output)));
};

async function fromCluster(cx: Cx, now: number): Promise<Snapshot> {
  const { cluster, revision, entries } = await cx.state();
  return snapshotOf(entries, revision, { cluster, now });
}

async function saveTo(cx: Cx, file: string, options: Options): Promise<void> {
  const { env, cwd } = cx.io;
  const { store } = options;
  const now = (await cx.clock()).now();
  const taken =
    store === undefined
      ? await fromCluster(cx, now)
      : await opened(await storePart(env, cwd, options.name, { ...options, store }), cx.signal, (held) =>
          takeSnapshot(held, { cluster: options.name, now, signal: cx.signal }),
        );
  const path = resolve(cwd, file);
  await writeWhole(path, snapshotLines(taken, createHash('sha256')));
  cx.print(
    `${counted(taken.header.entries, 'entry', 'entries')} at revision ${taken.header.revision} saved to ${file}`,
  );
  const secrets = secretsIn(taken.entries);
  if (secrets.length > 0) cx.note(`The file has secrets as they are: ${secrets.join(', ')}`);
}

/** Writes a file atomically, readable by its owner only: it contains what only admins may see. */
async function writeWhole(path: string, lines: Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      for (const piece of inPieces(lines)) await handle.write(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function* inPieces(lines: Iterable<string>): Iterable<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

async function read(cx: Cx, file: string): Promise<Snapshot> {
  const text = await readFile(resolve(cx.io.cwd, file), 'utf8').catch((error: unknown) => {
    throw new CliError('NOT_FOUND', `${file} cannot be read: ${problemOf(error).message}`);
  });
  try {
    return readSnapshot(text, createHash('sha256'));
  } catch (error) {
    const { code, message } = problemOf(error);
    throw new CliError(code, `${file}: ${message}`);
  }
}

async function restoreFrom(cx: Cx, file: string, options: Options): Promise<void> {
  const found = await read(cx, file);
  const plugin = await storePart(cx.io.env, cx.io.cwd, options.name, options as StoreOptions);
  using progress = await openProgress(cx);
  const clock = await cx.clock();
  try {
    await opened(plugin, cx.signal, (store) =>
      restoreSnapshot(store, found, {
        clock,
        replace: options.replace === true,
        onProgress: (written, total) => progress.update(file, written, total, 'entries are written'),
        signal: cx.signal,
      }),
    );
  } catch (error) {
    const { code, message } = problemOf(error);
    const hint = code === 'ALREADY_EXISTS' ? 'replace the contents of the store with --replace' : undefined;
    throw new CliError(code, message, hint);
  }
  cx.print(`${counted(found.header.entries, 'entry', 'entries')} restored from ${file}`);
}

async function inspect(cx: Cx, file: string, output: string | undefined): Promise<void> {
  const { header, entries } = await read(cx, file);
  const kinds = new Map<string, number>();
  for (const { key } of entries) {
    const kind = key.slice(0, key.indexOf('/'));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const format = parseFormat(output);
  const secrets = secretsIn(entries);
  if (format.type !== 'table') {
    cx.io.stdout.write(
      await renderData(format, { ...header, kinds: Object.fromEntries(kinds), secrets }, () => []),
    );
    return;
  }
  const counts = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
  cx.io.stdout.write(
    renderFields(
      [
        ['Cluster', header.cluster ?? 'not known'],
        ['Taken at', header.takenAt],
        ['Revision', header.revision],
        ['Entries', header.entries],
        ['Kinds', counts || 'none'],
        ['Secrets', secrets.join(', ') || 'none'],
      ],
      cx.colors,
    ),
  );
}
