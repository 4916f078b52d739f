/**
 * Owner and lifetime of the implementation of a contract:
 * - `cluster`: one per cluster and process.
 * - `leader`: one for each term in which this process leads its cluster, built when the term begins and closed when it ends.
 * - `machine`: one per machine that runs tasks or balances traffic, shared by the nodes of that machine.
 * - `node`: one per agent, so that an embedded cluster of three nodes has three runtimes.
 *
 * A plugin may need contracts of its own scope and of the scopes around it: `leader` and `machine` lie in `cluster`, `node`
 * lies in `machine`.
 */
export type TokenScope = 'cluster' | 'leader' | 'machine' | 'node';

/** A contract of whatever type. */
export interface AnyToken {
  /** Shown in every message about wiring. */
  readonly id: string;
  /** Equal ids give equal keys, even if core is installed twice. */
  readonly key: symbol;
  /** Whether several plugins may provide it; its value is then the list of all, in the order of the plugins. */
  readonly many: boolean;
  /** How long the implementation lives. */
  readonly scope: TokenScope;
  /**
   * Set where writes through the contract carry no fence, so that a part of the leader could write after its term: the
   * contract that it must need instead.
   */
  readonly unfenced?: string | undefined;
}

/** Options of {@link contract} and {@link contractMany}. */
export interface TokenOptions {
  /** Default: `cluster`. */
  readonly scope?: TokenScope;
  /** Refused to leader components, which are told to need this contract instead. */
  readonly unfenced?: string;
}

/** Names a contract and carries its type. Made by {@link contract} and {@link contractMany}. */
export interface Token<T> extends AnyToken {
  /** Type only (invariant): never set. */
  readonly __type?: (value: T) => T;
}

/** What one plugin provides for a token: the value itself, or one element of a `many` token. */
export type Provided<T> = T extends readonly (infer Element)[] ? Element : T;

function token<T>(id: string, many: boolean, { scope = 'cluster', unfenced }: TokenOptions): Token<T> {
  return Object.freeze({ id, key: Symbol.for(`gantry.contract.${id}`), many, scope, unfenced });
}

/** A contract that exactly one plugin provides. */
export function contract<T>(id: string, options: TokenOptions = {}): Token<T> {
  return token<T>(id, false, options);
}

/** A contract that any number of plugins provide; a plugin that needs it receives all of them as an array. */
export function contractMany<T>(id: string, options: TokenOptions = {}): Token<readonly T[]> {
  return token<readonly T[]>(id, true, options);
}
