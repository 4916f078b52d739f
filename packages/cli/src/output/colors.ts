import picocolors from 'picocolors';
import type { Output } from '../io/io.ts';

export type Colors = ReturnType<typeof picocolors.createColors>;

/**
 * Colours for a terminal, unless NO_COLOR is set (https://no-color.org) or `wanted` is false; FORCE_COLOR takes
 * precedence.
 */
export function colorsFor(
  output: Pick<Output, 'isTTY'>,
  env: Readonly<Record<string, string | undefined>>,
  wanted = true,
): Colors {
  const forced = (env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0';
  const refused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb' || !wanted;
  return picocolors.createColors(!refused && (forced || output.isTTY));
}
