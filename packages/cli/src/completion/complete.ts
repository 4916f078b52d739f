import { script } from '@bomb.sh/tab';
import { idOf, type Kind, parseId } from '@gantry/core/model';
import type { Command } from 'commander';
import { CORE_KINDS, findCoreKind, findKind } from '../cluster/kinds.ts';
import { readServers, SERVER_KIND } from '../cluster/servers.ts';
import { readContexts } from '../context/contexts-file.ts';
import type { Output } from '../io/io.ts';
import { listStates } from '../local/state.ts';
import { inNaturalOrder } from '../output/natural-order.ts';
import type { Cx } from '../session.ts';
import { BASH_SCRIPT } from './bash-script.ts';
import { type Candidate, expectsFile, optionCandidates, type Position, positionOf } from './position.ts';
import { type Wanted, wantedAt } from './wanted.ts';

/** Maximum time of a completion: incomplete results are better than a delay. */
const MAX_MS = 1000;
const MAX_NAMES = 200;

/** Directives that follow the candidates for the shell's script: whether file names fit too. */
const FILES = ':0';
const NO_FILES = ':4';

/**
 * Answers a shell's completion script: a line for every candidate for the last word, with its description, then whether
 * file names fit too.
 */
export async function complete(cx: Cx, program: Command, words: readonly string[]): Promise<void> {
  const position = positionOf(program, words);
  const found = await candidatesAt(cx, position);
  const fitting = found.filter(({ value }) => value.startsWith(position.word));
  for (const { value, description } of fitting) cx.print(`${position.prefix}${value}\t${description}`);
  cx.print(position.passed || (found.length === 0 && expectsFile(position)) ? FILES : NO_FILES);
}

/** Writes the script of a shell. */
export function completionScript(output: Output, shell: string): void {
  if (shell === 'bash') {
    output.write(BASH_SCRIPT);
    return;
  }
  // The library writes to the console.
  const { log } = console;
  console.log = (text: unknown) => output.write(`${String(text)}\n`);
  try {
    script(shell, 'gantry', 'gantry');
  } finally {
    console.log = log;
  }
}

async function candidatesAt(cx: Cx, position: Position): Promise<readonly Candidate[]> {
  const { command, operands, option, passed, word } = position;
  if (passed) return [];
  if (option === undefined && word.startsWith('-')) return optionCandidates(position);
  const { registeredArguments: all } = command;
  const argument = all[operands.length] ?? all.findLast(({ variadic }) => variadic);
  const choices = option === undefined ? argument?.argChoices : option.argChoices;
  if (choices !== undefined) return choices.map(bare);
  if (option === undefined && command.commands.length > 0) {
    if (operands.length > 0) return [];
    const subs = command.createHelp().visibleCommands(command);
    return subs.map((each) => ({ value: each.name(), description: each.description() }));
  }
  const names = await wordsFor(cx, wantedAt(position)).catch(() => []); // no names without a cluster
  return names.filter((name) => !operands.includes(name)).map(bare);
}

const bare = (value: string): Candidate => ({ value, description: '' });

async function wordsFor(cx: Cx, wanted: Wanted | undefined): Promise<readonly string[]> {
  switch (wanted?.type) {
    case undefined:
      return [];
    case 'words':
      return wanted.words;
    case 'kinds':
      return [...CORE_KINDS, ...(wanted.servers === true ? [SERVER_KIND] : [])].flatMap(
        ({ plural, kind }) => [plural, kind],
      );
    case 'contexts':
      return Object.keys((await readContexts(cx.io.env)).contexts);
    case 'clusters':
      return (await listStates(cx.io.env)).map(({ name }) => name);
    case 'namespaces': {
      const services = await idsOf(cx, 'service', true);
      return [...new Set(services.map((id) => parseId(id).namespace))];
    }
    case 'names': {
      const { kinds, qualified } = wanted;
      const all = kinds.map(async (kind) => {
        const found = (await idsOf(cx, kind, false)).map((id) => parseId(id).name);
        return qualified === true ? found.map((name) => `${kind}/${name}`) : found;
      });
      return (await Promise.all(all)).flat();
    }
  }
}

/** Ids of objects of a kind, in the current namespace or in all of them. */
async function idsOf(cx: Cx, word: string, everywhere: boolean): Promise<readonly string[]> {
  const kind = findKind(word, [SERVER_KIND]) ?? findCoreKind(word);
  if (kind === undefined) return [];
  const api = await cx.api();
  const { namespace } = await cx.target();
  const late = new AbortController();
  const cancel = (await cx.clock()).after(MAX_MS, () => late.abort());
  try {
    const signal = AbortSignal.any([cx.signal, late.signal]);
    if (kind === SERVER_KIND) return (await readServers(cx, signal)).map(({ meta }) => meta.name);
    const place = kind.namespaced && !everywhere ? { namespace } : {};
    const { items } = await api.list(kind.kind as Kind, { ...place, limit: MAX_NAMES, signal });
    return inNaturalOrder(
      items.map(({ meta }) => idOf(meta)),
      (id) => id,
    );
  } finally {
    cancel();
  }
}
