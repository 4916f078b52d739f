/** Options for running a kit. */
export interface KitOptions {
  /** Maximum duration of any one wait before its case fails: a broken subject fails, and never hangs the run. */
  readonly patienceMs?: number;
}

/** One promise of a contract, as data: any runner can run it, and a kit can be run on purpose-built wrecks. */
export interface Case<Subject> {
  /**
   * The promise that it checks, as a sentence: "a stale expectation is rejected and changes nothing". Unique within the
   * kit.
   */
  readonly name: string;
  /** Why the case does not apply to this subject, decided only from what the subject declares in `supports`. */
  readonly skip?: (subject: Subject) => string | undefined;
  /** Throws if the law does not hold. */
  readonly run: (subject: Subject, context: CaseContext) => Promise<void> | void;
}

export interface CaseContext {
  /** Races a promise against the kit's timeout. */
  within<T>(promise: PromiseLike<T>, what: string): Promise<T>;
  /** Resolves once the check returns something other than undefined or false; polls until the timeout. */
  until<T>(check: () => T | undefined | false | Promise<T | undefined | false>, what: string): Promise<T>;
  /** Fires when the case is over. */
  readonly signal: AbortSignal;
}

/** A fresh subject for one case, and how to clean it up. */
export interface Fixture<Subject> {
  readonly subject: Subject;
  readonly close?: () => Promise<void>;
}

/** All promises of one contract. */
export interface Kit<Subject> {
  readonly contract: string;
  readonly cases: readonly Case<Subject>[];
}

export type CaseResult =
  | { readonly name: string; readonly outcome: 'passed' }
  | { readonly name: string; readonly outcome: 'skipped'; readonly reason: string }
  | { readonly name: string; readonly outcome: 'failed'; readonly error: unknown };
