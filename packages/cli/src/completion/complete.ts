import type { Command as TabCommand } from '@bomb.sh/tab';
import { RootCommand, script } from '@bomb.sh/tab';
import { idOf, type Kind, parseId } from '@gantry/core';
import type { Command } from 'commander';
import { CORE_KINDS, findKind } from '../cluster/kinds.ts';
import { readContexts } from '../context/contexts-file.ts';
import type { Output } from '../io/io.ts';
import { listStates } from '../local/state.ts';
import type { Cx } from '../session.ts';
import { type Wanted, wantedAt } from './wanted.ts';

/** A TAB that takes longer is worse than one that finds less. */
const PATIENCE_MS = 1000;
const MOST = 200;

/** Answers what a shell's completion script asks: the words that may stand where the last one is being typed. */
export async function complete(cx: Cx, program: Command, words: readonly string[]): Promise<void> {
  const known = await namesFor(cx, wantedAt(words)).catch(() => []); // no cluster, no names
  const root = new RootCommand();
  declare(root, root, program, '', known);
  toOutput(cx.io.stdout, () => root.parse([...words]));
}

/** Writes the script of a shell. */
export function completionScript(output: Output, shell: string): void {
  toOutput(output, () => script(shell, 'gantry', 'gantry'));
}

function declare(
  root: RootCommand,
  into: TabCommand,
  command: Command,
  path: string,
  names: readonly string[],
): void {
  for (const { long, short, description, required, optional, argChoices, hidden } of command.options) {
    if (hidden || long === undefined || long === null) continue;
    const name = long.slice(2);
    const alias = short?.slice(1);
    if (!required && !optional) into.option(name, description, alias ?? '');
    else
      into.option(name, description, (say) => argChoices?.forEach((choice) => void say(choice, '')), alias);
  }
  for (const argument of command.registeredArguments) {
    const words = argument.argChoices ?? names;
    into.argument(argument.name(), (say) => words.forEach((word) => void say(word, '')), argument.variadic);
  }
  for (const each of command.createHelp().visibleCommands(command)) {
    const full = path === '' ? each.name() : `${path} ${each.name()}`;
    declare(root, root.command(full, each.description()), each, full, names);
  }
}

async function namesFor(cx: Cx, wanted: Wanted | undefined): Promise<readonly string[]> {
  switch (wanted?.type) {
    case undefined:
      return [];
    case 'kinds':
      return CORE_KINDS.flatMap(({ plural, kind }) => [plural, kind]);
    case 'contexts':
      return Object.keys((await readContexts(cx.io.env)).contexts);
    case 'clusters':
      return (await listStates(cx.io.env)).map(({ name }) => name);
    case 'names':
      return (await Promise.all(wanted.kinds.map((kind) => objectNames(cx, kind)))).flat();
  }
}

async function objectNames(cx: Cx, word: string): Promise<readonly string[]> {
  const kind = findKind(word, CORE_KINDS);
  if (kind === undefined) return [];
  const api = await cx.api();
  const { namespace } = await cx.target();
  const late = new AbortController();
  const cancel = (await cx.clock()).after(PATIENCE_MS, () => late.abort());
  try {
    const signal = AbortSignal.any([cx.signal, late.signal]);
    const place = kind.namespaced ? { namespace } : {};
    const { items } = await api.list(kind.kind as Kind, { ...place, limit: MOST, signal });
    return items.map(({ meta }) => parseId(idOf(meta)).name);
  } finally {
    cancel();
  }
}

/** The library writes to the console, at once; we write to our own output. */
function toOutput(output: Output, write: () => void): void {
  const { log } = console;
  console.log = (text: unknown) => output.write(`${String(text)}\n`);
  try {
    write();
  } finally {
    console.log = log;
  }
}
