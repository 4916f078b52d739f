import { stripVTControlCharacters } from 'node:util';
import sliceAnsi from 'slice-ansi';
import { safe } from '../output/safe-text.ts';
import { displayWidth } from '../output/table.ts';

const ASCII = /^[\x20-\x7e]*$/;
/** A line that a program wrote, without its escape sequences. */
export const plainLine = (text: string): string =>
  ASCII.test(text) ? text : safe(stripVTControlCharacters(text.replaceAll('\t', '    ')));

/** The part of a line that a terminal shows from a column on, at most `width` columns wide. */
export function cut(text: string, width: number, left = 0): string {
  if (ASCII.test(text)) return text.slice(left, left + width);
  if (left === 0 && displayWidth(text) <= width) return text;
  const part = sliceAnsi(text, left, left + width);
  // A wide character that begins in the last column does not fit.
  return displayWidth(part) <= width ? part : sliceAnsi(text, left, left + width - 1);
}

/** Text filled up with spaces to a width. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
