import stringWidth from 'string-width';
import { safeLines } from './safe-text.ts';

export interface TableOptions {
  /** Minimum widths of columns, to align consecutive tables. */
  readonly widths?: readonly number[] | undefined;
  /** Measures a line of a cell in terminal columns; for tests. */
  readonly widthOf?: ((text: string) => number) | undefined;
}

const GAP = '   ';
const ASCII = /^[\x20-\x7e]*$/;

/** Number of terminal columns of a line: wide characters take two, colours none. */
export function displayWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/**
 * Renders rows with columns that are three spaces apart. A cell with line breaks takes several lines. Control
 * characters are shown as `·`, since labels and fields may contain any text. Every line of a cell is measured once, so
 * the time is linear in the number of cells.
 */
export function renderTable(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const { widths: minimum = [], widthOf = displayWidth } = options;
  const widths = [...minimum];
  const measured = rows.map((row) =>
    row.map((cell, column) => {
      const lines = safeLines(cell).map((text) => ({ text, width: widthOf(text) }));
      for (const { width } of lines) if (width > (widths[column] ?? 0)) widths[column] = width;
      return lines;
    }),
  );
  let text = '';
  for (const cells of measured) {
    const height = cells.reduce((most, { length }) => Math.max(most, length), 0);
    for (let at = 0; at < height; at++) {
      const parts = cells.map((lines, column) => {
        const { text: shown, width } = lines[at] ?? { text: '', width: 0 };
        return shown + ' '.repeat((widths[column] ?? 0) - width);
      });
      text += `${parts.join(GAP).trimEnd()}\n`;
    }
  }
  return text;
}
