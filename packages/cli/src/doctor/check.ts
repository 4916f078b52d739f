/** The result of a check. */
export interface Check {
  readonly name: string;
  /** `absent`: missing, but needed for some features only; `wrong`: requires action. */
  readonly state: 'ok' | 'absent' | 'wrong';
  /** What was found. */
  readonly found: string;
  /** What follows from it. */
  readonly means: string;
}
