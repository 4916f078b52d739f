import { GantryError } from '@gantry/core';

/** The names of a preset's options; the compiler requires all of them. */
export type OptionNames<T> = { readonly [K in keyof Required<T>]: true };

/**
 * Rejects options that a preset does not have, such as a misspelled one. The plugins check the values.
 * @throws `INVALID_OPTIONS` that names the preset and every unknown option
 */
export function checkOptions<T extends object>(preset: string, options: T, names: OptionNames<T>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new GantryError('INVALID_OPTIONS', `${preset}: expected an object with options`);
  const known = Object.keys(names);
  const issues = Object.keys(options)
    .filter((name) => !Object.hasOwn(names, name))
    .map((name) => {
      const meant = known.find((each) => each.toLowerCase() === name.toLowerCase());
      const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`;
      return { path: name, message: `unknown option: ${hint}` };
    });
  if (issues.length === 0) return;
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new GantryError('INVALID_OPTIONS', `${preset}: ${text}`, { issues });
}
