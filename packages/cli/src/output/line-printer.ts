import type { LogLine } from '@gantry/core/api';
import type { Colors } from './colors.ts';

interface LineOptions {
  /** Task and node in front of each line. */
  readonly prefix?: boolean;
  /** The time in front of each line. */
  readonly timestamps?: boolean;
}

/**
 * Returns a function that renders a line with the requested prefix. Tasks get colours in the order of their first
 * lines, so that neighbours differ.
 */
export function linePrinter(
  { prefix = false, timestamps = false }: LineOptions,
  colors: Colors,
): (line: LogLine) => string {
  const { cyan, green, yellow, magenta, blue, red } = colors;
  const palette = [cyan, green, yellow, magenta, blue, red];
  const known = new Map<string, (text: string) => string>();
  const colourOf = (task: string): ((text: string) => string) => {
    const colour = known.get(task) ?? (palette[known.size % palette.length] as (text: string) => string);
    known.set(task, colour);
    return colour;
  };
  return ({ task, node, time, text }) => {
    const parts = [
      ...(prefix ? [colourOf(task)(`${task}@${node}`)] : []),
      ...(timestamps ? [colors.dim(new Date(time).toISOString())] : []),
      text,
    ];
    return `${parts.join(' ')}\n`;
  };
}
