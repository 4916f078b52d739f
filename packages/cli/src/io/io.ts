import type { Clock, ClusterApi, Random } from '@gantry/core';

/** Where text goes: standard output or error, or a string in a test. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** Where bytes come from: standard input. */
export interface Input {
  readonly isTTY: boolean;
  read(): AsyncIterable<Uint8Array>;
  /** Hands on every key at once, unechoed; only on a terminal. */
  /** Ends it, so that a read that waits for a pipe does not keep the process. */
  close?(): void;
  setRawMode(on: boolean): void;
}

/** An access token as the server lists it: never the secret itself. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly { readonly role: 'viewer' | 'operator' | 'admin'; readonly namespace: string }[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
}

/** Access tokens of a cluster, which are no objects of it. */
export interface TokenApi {
  list(): Promise<readonly TokenInfo[]>;
  /** Answers the secret, once. */
  create(input: {
    readonly name: string;
    readonly grants: TokenInfo['grants'];
    readonly expiresInMs?: number | undefined;
  }): Promise<TokenInfo & { readonly token: string }>;
  remove(id: string): Promise<void>;
  /** Whether the token in use allows a verb on a kind; without a namespace, in all of them. */
  mayI(request: {
    readonly verb: string;
    readonly kind: string;
    readonly namespace?: string | undefined;
  }): Promise<AccessDecision>;
  /** All that the token in use allows. */
  rules(): Promise<AccessRules>;
}

export interface AccessDecision {
  readonly token: Pick<TokenInfo, 'name' | 'grants' | 'expiresAt'>;
  readonly allowed: boolean;
  readonly required?: TokenInfo['grants'][number] | undefined;
}

export interface AccessRules {
  readonly token: AccessDecision['token'];
  readonly rules: readonly {
    readonly verb: string;
    readonly kind: string;
    readonly namespaces: readonly string[];
  }[];
}

/** How a cluster is reached. */
export interface Target {
  /** Its URL. */
  readonly server: string;
  /** URLs of further servers of the same cluster, which are used while that one cannot be reached. */
  readonly servers?: readonly string[] | undefined;
  readonly token?: string | undefined;
  /** Certificate authority that signed the server's certificate, PEM. */
  readonly ca?: string | undefined;
}

/** All that a cluster keeps, as it was at one revision. */
export interface ClusterState {
  readonly cluster: string;
  readonly revision: number;
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
}

export interface Connection extends AsyncDisposable {
  readonly api: ClusterApi;
  readonly tokens: TokenApi;
  /** For admins. */
  state(): Promise<ClusterState>;
}

export interface System {
  readonly clock: Clock;
  readonly random: Random;
}

/** Everything the command line touches outside of itself. A test gives its own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Time and chance; loaded when they are needed. */
  system(): Promise<System>;
  /** Fires at Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Calls back when the terminal has changed its size; the answer ends that. */
  onResize(callback: () => void): () => void;
  /**
   * Writes `restore` to standard output and leaves raw mode if the process exits, for any reason but SIGKILL, before the
   * returned function was called.
   */
  readonly guardTerminal?: ((restore: string) => () => void) | undefined;
  connect(target: Target): Promise<Connection>;
  /** How this program is started once more: the program and its first arguments. */
  readonly self: readonly string[];
  /**
   * From now on the process keeps running if its output cannot be written: such output is dropped and counted. Without
   * this the first failure ends the command with exit code 1.
   */
  readonly keepRunning?: (() => void) | undefined;
  /** Tells the process that started this one in the background; absent if none did. */
  readonly tellParent?: ((message: unknown) => void) | undefined;
}
