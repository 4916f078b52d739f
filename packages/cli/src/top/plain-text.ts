import { stripVTControlCharacters } from 'node:util';
import sliceAnsi from 'slice-ansi';
import { safe } from '../output/safe-text.ts';
import { displayWidth } from '../output/table.ts';

const ASCII = /^[\x20-\x7e]*$/;
/** Removes the escape sequences from a line of a program's output. */
export const plainLine = (text: string): string =>
  ASCII.test(text) ? text : safe(stripVTControlCharacters(text.replaceAll('\t', '    ')));

/** Returns the part of a line from a column on, at most `width` columns wide. */
export function cut(text: string, width: number, left = 0): string {
  if (ASCII.test(text)) return text.slice(left, left + width);
  if (left === 0 && displayWidth(text) <= width) return text;
  const part = sliceAnsi(text, left, left + width);
  // A wide character that begins in the last column does not fit.
  return displayWidth(part) <= width ? part : sliceAnsi(text, left, left + width - 1);
}

/** Pads text with spaces to a width. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
