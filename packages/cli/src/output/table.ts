import Table from 'cli-table3';

export interface TableOptions {
  /** Of each column, where rows of several tables are to stand below each other. */
  readonly widths?: readonly number[] | undefined;
}

const GAP = 3;

const NO_BORDERS = Object.freeze({
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
});

/** Rows below each other, columns apart by three blanks; colours in a cell take no width. */
export function renderTable(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  if (rows.length === 0) return '';
  const table = new Table({
    chars: { ...NO_BORDERS },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(options.widths === undefined ? {} : { colWidths: [...options.widths] }),
  });
  for (const row of rows) table.push([...row]);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
