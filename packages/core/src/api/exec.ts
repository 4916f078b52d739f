/** A command to run inside a task. */
export interface ExecOptions {
  /** The program and its arguments; not interpreted by a shell. */
  readonly command: readonly string[];
  /** Further environment variables of the command (default: none). */
  readonly env?: Readonly<Record<string, string>>;
  /** User of the command, as `user` or `user:group`, by name or number (default: the task's). Needs `supports.execUser`. */
  readonly user?: string;
  /** Directory of the command, an absolute path (default: the task's). Needs `supports.execWorkingDir`. */
  readonly workingDir?: string;
  /** Allocates a terminal; stdout and stderr then arrive as one stream (default: false). */
  readonly tty?: boolean;
  /** Bytes for its standard input; its end closes it. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Terminates the command and all that it started; the output ends, and `exitCode` is settled. */
  readonly signal?: AbortSignal;
}

/** A piece of a command's output. */
export interface OutputChunk {
  /** Stream that the command wrote to. */
  readonly stream: 'stdout' | 'stderr';
  /** The bytes, not necessarily whole lines or characters. */
  readonly data: Uint8Array;
}

/** A command run inside a task: read `output` to its end, then `exitCode` is settled. */
export interface ExecSession {
  /** Output of the command, in order. It can be iterated once. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Exit code of the command; 128 + n when signal n terminated it. */
  readonly exitCode: Promise<number>;
  /** Terminal size; without effect unless `tty`. */
  resize(columns: number, rows: number): Promise<void>;
}
