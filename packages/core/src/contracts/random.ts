/** Chance as a parameter: seeded in tests and simulations, from the system otherwise. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
