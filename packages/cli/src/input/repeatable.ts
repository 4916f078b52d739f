import { Option } from 'commander';

/**
 * Declares an option with a value that may be repeated; unlike a variadic option, it does not consume the words after
 * it.
 */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
    ...(before ?? []),
    value,
  ];
  return new Option(flags, `${description}; may be repeated`).argParser(collect);
}
