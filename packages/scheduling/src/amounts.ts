const UNITS = Object.freeze([
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
] as const);

/** Up to this number, an exact amount keeps its smaller unit: 1536Mi, not 1.5Gi. */
const MAX_EXACT = 10_000;

/**
 * An amount as a user would write it: memory in binary units, cpu in cores or millicores, anything else unchanged.
 * Memory that needs rounding is rounded to two decimals in the direction that keeps the sentence true.
 */
export function formatAmount(resource: string, amount: number, rounding: 'up' | 'down' = 'up'): string {
  if (resource === 'cpu') return amount % 1000 === 0 ? `${amount / 1000}` : `${amount}m`;
  if (resource !== 'memory') return `${amount}`;
  for (const [unit, size] of UNITS) {
    if (amount >= size && amount % size === 0 && amount / size < MAX_EXACT) return `${amount / size}${unit}`;
  }
  for (const [unit, size] of UNITS) {
    if (amount < size) continue;
    const hundredths = (amount / size) * 100;
    return `${(rounding === 'up' ? Math.ceil(hundredths) : Math.floor(hundredths)) / 100}${unit}`;
  }
  return `${amount}`;
}

/** `128Mi memory`, `500m cpu`, `1 gpu`. */
export function quantity(resource: string, amount: number, rounding: 'up' | 'down' = 'up'): string {
  return `${formatAmount(resource, amount, rounding)} ${resource}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
