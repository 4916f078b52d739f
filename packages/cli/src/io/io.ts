import type { Clock, Random } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { FieldSchema } from '@gantry/core/model';

/** A destination of text: standard output or error, or a string in a test. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** A source of bytes: standard input. */
export interface Input {
  readonly isTTY: boolean;
  read(): AsyncIterable<Uint8Array>;
  /** In raw mode, delivers every key immediately and without echo; only on a terminal. */
  /** Closes the input, so that a pending read of a pipe does not keep the process alive. */
  close?(): void;
  setRawMode(on: boolean): void;
}

/** An access token as listed by the server, without its secret. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly { readonly role: 'viewer' | 'operator' | 'admin'; readonly namespace: string }[];
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
}

/** Access tokens of a cluster, which are not objects. */
export interface TokenApi {
  list(): Promise<readonly TokenInfo[]>;
  /** Creates a token. The result contains the secret, which cannot be retrieved again. */
  create(input: {
    readonly name: string;
    readonly grants: TokenInfo['grants'];
    readonly expiresInMs?: number | undefined;
  }): Promise<TokenInfo & { readonly token: string }>;
  remove(id: string): Promise<void>;
  /** Whether the current token allows a verb on a kind (default: in all namespaces). */
  mayI(request: {
    readonly verb: string;
    readonly kind: string;
    readonly namespace?: string | undefined;
  }): Promise<AccessDecision>;
  /** Everything that the current token allows. */
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

/** The address of a cluster, and how to authenticate. */
export interface Target {
  /** URL of the server. */
  readonly server: string;
  /** URLs of further servers of the same cluster, which are used while `server` is unreachable. */
  readonly servers?: readonly string[] | undefined;
  readonly token?: string | undefined;
  /** Certificate authority that signed the server's certificate, in PEM. */
  readonly ca?: string | undefined;
}

/** The complete stored state of a cluster at one revision. */
export interface ClusterState {
  readonly cluster: string;
  readonly revision: number;
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
}

export interface Connection extends AsyncDisposable {
  readonly api: ClusterApi;
  readonly tokens: TokenApi;
  /** Reads the schemas of the cluster's kinds, by the names of its API document. */
  schemas(): Promise<Readonly<Record<string, FieldSchema>>>;
  /** Reads the state; for admins only. */
  state(): Promise<ClusterState>;
}

export interface System {
  readonly clock: Clock;
  readonly random: Random;
}

/** Everything outside the command line that it uses. Tests provide their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Clock and random source; loaded on demand. */
  system(): Promise<System>;
  /** Fires on Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** Calls back whenever the size of the terminal changes; the returned function unsubscribes. */
  onResize(callback: () => void): () => void;
  /**
   * Writes `restore` to standard output and leaves raw mode if the process exits, for any reason except SIGKILL, before
   * the returned function is called.
   */
  readonly guardTerminal?: ((restore: string) => () => void) | undefined;
  connect(target: Target): Promise<Connection>;
  /** How to start this program again: the executable and its first arguments. */
  readonly self: readonly string[];
  /**
   * Keeps the process running from now on if its output cannot be written: such output is dropped and counted.
   * Otherwise the first failure ends the command with exit code 1.
   */
  readonly keepRunning?: (() => void) | undefined;
  /** Sends a message to the process that started this one in the background; absent if there is none. */
  readonly tellParent?: ((message: unknown) => void) | undefined;
}
