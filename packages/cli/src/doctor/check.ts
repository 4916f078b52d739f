/** Something that was looked at. */
export interface Check {
  readonly name: string;
  /** `absent`: it is not there and is needed for some things only; `wrong`: something has to be done. */
  readonly state: 'ok' | 'absent' | 'wrong';
  /** What there is. */
  readonly found: string;
  /** What follows from that. */
  readonly means: string;
}
