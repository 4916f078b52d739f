import { Option } from 'commander';

/** An option with a value that may be given several times; unlike a variadic one it leaves the words behind alone. */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
    ...(before ?? []),
    value,
  ];
  return new Option(flags, `${description}; may be repeated`).argParser(collect);
}
