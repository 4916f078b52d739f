import type { Command } from 'commander';
import type { Cx } from '../session.ts';

/** What a command does: given its operands and options it answers an exit code, or nothing for 0. */
export type Run<Operands extends readonly unknown[], Options extends object> = (
  cx: Cx,
  operands: Operands,
  options: Options,
  // biome-ignore lint/suspicious/noConfusingVoidType: a command that has nothing to say returns nothing
) => Promise<number | void>;

/** Makes a command's function what commander calls. */
export type Act = <Operands extends readonly unknown[] = readonly [], Options extends object = object>(
  run: Run<Operands, Options>,
) => (...args: unknown[]) => Promise<void>;

/** Declares arguments, options and actions of one command, or of one group of commands. */
export type Define = (command: Command, act: Act) => void;

/** A command at the top, whose module is loaded when it is the one that was called. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly section: string;
  readonly aliases?: readonly string[];
  readonly load: () => Promise<Define>;
}
