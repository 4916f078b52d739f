import type { Clock } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { FieldSchema } from '@gantry/core/model';
import { type ChosenTarget, chooseTarget, type Globals } from './context/choose-target.ts';
import { readContexts } from './context/contexts-file.ts';
import type { ClusterState, Connection, Io, TokenApi } from './io/io.ts';
import { type Colors, colorsFor } from './output/colors.ts';

/** Context of a command: its input and output, and the cluster, which is connected to on demand. */
export interface Cx {
  readonly io: Io;
  readonly globals: Globals;
  readonly colors: Colors;
  readonly signal: AbortSignal;
  /** Prints a line on standard output. */
  print(line: string): void;
  /** Prints a line for people on standard error. */
  note(line: string): void;
  warn(line: string): void;
  clock(): Promise<Clock>;
  target(): Promise<ChosenTarget>;
  api(): Promise<ClusterApi>;
  tokens(): Promise<TokenApi>;
  /** Schemas of the cluster's kinds, by the names of its API document. */
  schemas(): Promise<Readonly<Record<string, FieldSchema>>>;
  state(): Promise<ClusterState>;
  /** Closes what was opened. */
  close(): Promise<void>;
}

/** @param globals the options that every command takes */
export function openSession(io: Io, globals: Globals): Cx {
  const colors = colorsFor(io.stdout, io.env, globals.color);
  const errorColors = colorsFor(io.stderr, io.env, globals.color);
  let chosen: Promise<ChosenTarget> | undefined;
  let connection: Promise<Connection> | undefined;
  const target = (): Promise<ChosenTarget> => {
    chosen ??= readContexts(io.env).then((contexts) => chooseTarget(contexts, globals, io.env));
    return chosen;
  };
  const connected = (): Promise<Connection> => {
    connection ??= target().then((to) => io.connect(to));
    return connection;
  };
  return {
    io,
    globals,
    colors,
    signal: io.signal,
    print: (line) => io.stdout.write(`${line}\n`),
    note: (line) => io.stderr.write(`${line}\n`),
    warn: (line) => io.stderr.write(`${errorColors.yellow('warning:')} ${line}\n`),
    clock: async () => (await io.system()).clock,
    target,
    api: async () => (await connected()).api,
    tokens: async () => (await connected()).tokens,
    schemas: async () => await (await connected()).schemas(),
    state: async () => await (await connected()).state(),
    close: async () => {
      const open = await connection?.catch(() => undefined);
      await open?.[Symbol.asyncDispose]();
    },
  };
}
