import type { Command } from 'commander';
import type { Cx } from '../session.ts';

/** A command's action: receives its operands and options, and returns an exit code, or nothing for 0. */
export type Run<Operands extends readonly unknown[], Options extends object> = (
  cx: Cx,
  operands: Operands,
  options: Options,
  // biome-ignore lint/suspicious/noConfusingVoidType: a command that has nothing to say returns nothing
) => Promise<number | void>;

/** Wraps the action of a command for commander. */
export type Act = <Operands extends readonly unknown[] = readonly [], Options extends object = object>(
  run: Run<Operands, Options>,
) => (...args: unknown[]) => Promise<void>;

/** Declares arguments, options and actions of one command, or of one group of commands. */
export type Define = (command: Command, act: Act) => void;

/** A top-level command, whose module is loaded only when it is called. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly section: string;
  readonly aliases?: readonly string[];
  readonly load: () => Promise<Define>;
}
