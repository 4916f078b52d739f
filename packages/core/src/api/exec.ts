export interface ExecOptions {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** User of the command, as `user` or `user:group`, by name or number (default: the task's). Needs `supports.execUser`. */
  readonly user?: string;
  /** Directory of the command, an absolute path (default: the task's). Needs `supports.execWorkingDir`. */
  readonly workingDir?: string;
  readonly tty?: boolean;
  /** Bytes for its standard input; its end closes it. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Terminates the command and all that it started; the output ends, and `exitCode` is settled. */
  readonly signal?: AbortSignal;
}

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** A command run inside a task: read `output` to its end, then `exitCode` is settled. */
export interface ExecSession {
  readonly output: AsyncIterable<OutputChunk>;
  readonly exitCode: Promise<number>;
  /** Terminal size; without effect unless `tty`. */
  resize(columns: number, rows: number): Promise<void>;
}
