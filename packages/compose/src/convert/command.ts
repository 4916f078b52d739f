import type { Cursor } from '../model/cursor.ts';
import { splitCommand } from '../syntax/split-command.ts';

/** `entrypoint` replaces the image's entrypoint, and `command` its command. */
export function commandOf(service: Cursor): { command?: readonly string[]; args?: readonly string[] } {
  const command = wordsOf(service.get('entrypoint'), "the image's entrypoint");
  const args = wordsOf(service.get('command'), "the image's command");
  return {
    ...(command === undefined ? {} : { command }),
    ...(args === undefined ? {} : { args }),
  };
}

/** Returns the words of a command: a text is split, a list is used as it is. */
export function wordsOf(cursor: Cursor | undefined, replaced: string): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const words = cursor.isText ? split(cursor) : cursor.texts();
  if (words === undefined) return undefined;
  if (words.length > 0) return words;
  return cursor.unsupported(`${replaced} can be replaced, but not removed: name a command`);
}

function split(cursor: Cursor): readonly string[] | undefined {
  const text = cursor.text() ?? '';
  const split = splitCommand(text);
  return 'problem' in split ? cursor.invalid(`${JSON.stringify(text)} ${split.problem}`) : split.words;
}
