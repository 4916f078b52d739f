import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGantryError } from '@gantry/core';
import type { InputKind } from '@gantry/core/model';
import { getObject, parseSelection, type Ref, showRef } from '../cluster/refs.ts';
import {
  changeOf,
  type Editable,
  editableOf,
  isSame,
  renderDocument,
  withHeader,
  withoutHeader,
} from '../edit/edit-document.ts';
import { runEditor } from '../edit/run-editor.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** Maximum number of attempts to store while only the object's status changes. */
const MAX_ATTEMPTS = 10;

/** Maximum number of times that a file is opened: the editor may be a program that never produces a valid file. */
const MAX_ROUNDS = 50;

/** Errors that another edit of the file can fix. */
const FIXABLE: ReadonlySet<string> = new Set(['INVALID_OBJECT', 'UNSUPPORTED', 'NOT_FOUND', 'EXHAUSTED']);

/** Defines `gantry edit KIND NAME`. */
export const edit: Define = (command, act) => {
  command.argument('<objects...>', 'KIND NAME… or KIND/NAME…; each one is opened after the other').action(
    act<[string[]]>(async (cx, [words]) => {
      const { refs } = await parseSelection(cx, words);
      if (refs === undefined) throw usage('expected the name of an object', 'gantry edit service web');
      for (const ref of refs) await editOne(cx, ref);
    }),
  );
};

async function editOne(cx: Cx, ref: Ref): Promise<void> {
  const name = showRef(ref);
  if (!ref.kind.writable)
    throw new CliError(
      'UNSUPPORTED',
      `${ref.kind.kind} objects are written by the cluster and cannot be edited`,
    );
  const before = editableOf(await getObject(cx, ref));
  const folder = await mkdtemp(join(tmpdir(), 'gantry-edit-'));
  const file = join(folder, `${ref.kind.kind}-${before.meta.name}.yaml`);
  let keep = false;
  try {
    const done = await editUntilStored(cx, ref, before, file);
    cx.print(`${name} ${done}`);
  } catch (error) {
    keep = await isChanged(file, before);
    if (!keep) throw error;
    const { code, message, hint } = problemOf(error);
    throw new CliError(
      code,
      message,
      `${hint === undefined ? '' : `${hint}; `}your changes are kept in ${file}`,
    );
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

async function isChanged(file: string, before: Editable): Promise<boolean> {
  const text = withoutHeader(await readFile(file, 'utf8').catch(() => ''));
  return text.trim() !== '' && text !== (await renderDocument(before));
}

/** Opens the file repeatedly until the object is stored, nothing is changed, or the user gives up. */
async function editUntilStored(cx: Cx, ref: Ref, before: Editable, file: string): Promise<string> {
  const name = showRef(ref);
  let body = await renderDocument(before);
  let text = withHeader(body, name);
  let failed: unknown;
  for (let round = 1; ; round++) {
    await writeFile(file, text, { mode: 0o600 });
    await runEditor(cx, file);
    const saved = await readFile(file, 'utf8');
    const edited = withoutHeader(saved);
    if (edited.trim() === '') return 'unchanged: the edit was cancelled';
    // Otherwise an editor that changes nothing would be opened indefinitely.
    if (failed !== undefined && edited === body) throw failed;
    body = edited;
    try {
      const change = changeOf(before, edited, name);
      if (change === undefined) return 'unchanged';
      await store(cx, ref, before, change);
      return 'edited';
    } catch (error) {
      const problem = problemOf(error);
      if (!FIXABLE.has(problem.code) || round >= MAX_ROUNDS || cx.signal.aborted) throw error;
      failed = error;
      text = withHeader(body, name, problem);
    }
  }
}

/** @throws `CONFLICT` if more than the status has changed since the file was written */
async function store(cx: Cx, ref: Ref, before: Editable, change: object): Promise<void> {
  const api = await cx.api();
  const { signal } = cx;
  for (let attempt = 1; ; attempt++) {
    const current = await getObject(cx, ref);
    if (!isSame(editableOf(current), before)) {
      const message = `${showRef(ref)} was changed while it was edited`;
      throw new CliError('CONFLICT', message, 'run the command again to edit the current object');
    }
    try {
      await api.patch(ref.kind.kind as InputKind, ref.id, change, {
        revision: current.meta.revision,
        signal,
      });
      return;
    } catch (error) {
      if (!isGantryError(error, 'CONFLICT') || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
