import { type Command, Option } from 'commander';
import { unsupported } from './unsupported.ts';

/** Flags of Docker that Gantry rejects, each with the reason and what to do instead. */
export type RejectedFlags = Readonly<Record<string, readonly [why: string, hint: string]>>;

/**
 * Declares Docker flags that are hidden from help: those without effect are accepted, the others are rejected as
 * `UNSUPPORTED` with a reason.
 */
export function dockerFlags(
  command: Command,
  what: string,
  accepted: readonly string[],
  rejected: RejectedFlags,
): Command {
  for (const flag of accepted) command.addOption(new Option(flag, 'accepted: it changes nothing').hideHelp());
  const names = new Map<string, RejectedFlags[string]>();
  for (const [flag, reason] of Object.entries(rejected)) {
    const option = new Option(flag, `not supported: ${reason[0]}`).hideHelp();
    names.set(option.attributeName(), reason);
    command.addOption(option);
  }
  return command.hook('preAction', () => {
    for (const [name, [why, hint]] of names) {
      if (command.getOptionValueSource(name) !== 'cli') continue;
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw unsupported(`${what} --${flag}`, why, hint);
    }
  });
}
