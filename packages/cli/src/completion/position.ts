import type { Command, Option } from 'commander';

/** The position of the word being typed: its command and the operands before it. */
export interface Position {
  readonly command: Command;
  /** Names of the command without the program's: `rollout undo`. */
  readonly path: string;
  readonly operands: readonly string[];
  /** Options already given, by {@link keyOf}. */
  readonly given: ReadonlySet<string>;
  /** The option whose value is being typed. */
  readonly option?: Option | undefined;
  /** After `--`: words for another program. */
  readonly passed: boolean;
  /** The word being typed; for `--output=js` the part after `=`. */
  readonly word: string;
  /** The part before {@link word} in the same shell word: `--output=`. */
  readonly prefix: string;
}

/** Identifies an option within its command. */
export const keyOf = (option: Option): string => option.attributeName();

const takesValue = (option: Option): boolean => option.required || option.optional;

/** Finds the position of the last word, reading the words before it as commander would. */
export function positionOf(program: Command, words: readonly string[]): Position {
  let command = program;
  const operands: string[] = [];
  const names: string[] = [];
  const given = new Set<string>();
  let option: Option | undefined;
  let passed = false;
  for (const word of words.slice(0, -1)) {
    if (passed) continue;
    if (option !== undefined) {
      option = undefined; // its value
    } else if (word === '--') {
      passed = true;
    } else if (word.startsWith('-') && word !== '-') {
      const found = optionOf(command, word.split('=', 1)[0] as string);
      if (found === undefined) continue;
      given.add(keyOf(found));
      const attached = word.startsWith('--') ? word.includes('=') : word.length > 2;
      if (found.required && !attached) option = found;
    } else {
      const sub = operands.length === 0 ? subcommand(command, word) : undefined;
      if (sub === undefined) operands.push(word);
      else {
        command = sub;
        names.push(sub.name());
      }
    }
  }
  const last = words.at(-1) ?? '';
  const base = { command, path: names.join(' '), operands, given, passed };
  const equals = last.startsWith('--') && !passed && option === undefined ? last.indexOf('=') : -1;
  if (equals < 0) return { ...base, option, word: last, prefix: '' };
  const named = optionOf(command, last.slice(0, equals));
  return { ...base, option: named, word: last.slice(equals + 1), prefix: last.slice(0, equals + 1) };
}

function optionOf(command: Command, flag: string): Option | undefined {
  const short = flag.startsWith('--') ? undefined : flag.slice(0, 2);
  for (let each: Command | null = command; each !== null; each = each.parent) {
    const found = each.options.find((option) =>
      short === undefined ? option.long === flag : option.short === short,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

/** A completion candidate with its description. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Options that fit at a position: those of the command that are repeatable or not given yet. */
export function optionCandidates({ command, given, word }: Position): Candidate[] {
  const wanted = command.options.filter(
    (option) =>
      !option.hidden && (option.variadic || Array.isArray(option.defaultValue) || !given.has(keyOf(option))),
  );
  return wanted.flatMap(({ long, short, description }) => {
    const flags = [...(word.startsWith('--') ? [] : [short]), long];
    return flags.flatMap((flag) =>
      flag === undefined || flag === null ? [] : [{ value: flag, description }],
    );
  });
}

/** Whether an option's value or an operand is a file, judged by its placeholder. */
export function expectsFile({ option, command, operands }: Position): boolean {
  const pattern = /<?(file|files|path|dir|folder|directory)[>\]. ]*$/;
  if (option !== undefined) return takesValue(option) && pattern.test(option.flags);
  const { registeredArguments: all } = command;
  const argument = all[operands.length] ?? all.findLast(({ variadic }) => variadic);
  return argument !== undefined && /^(file|path|source|target)s?$/.test(argument.name());
}
