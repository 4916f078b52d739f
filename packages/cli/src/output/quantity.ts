const BINARY = Object.freeze(['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']);

/** Bytes with a unit: `64Mi`, `1.5Gi`. */
export function showBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? fixed(value, 1) : Math.round(value)}${BINARY[unit]}`;
}

/** Millicores: `250m`, `2`, `1.5`. */
export function showCpu(millicores: number): string {
  if (millicores < 1000) return `${Math.round(millicores)}m`;
  return fixed(millicores / 1000, 1);
}

/** `37%` of something; nothing of nothing is unknown. */
export function showShare(part: number, whole: number | undefined): string {
  return whole === undefined || whole === 0 ? '-' : `${Math.round((part / whole) * 100)}%`;
}

/** An amount of a resource by its name. */
export function showAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return showCpu(amount);
  return resource === 'memory' ? showBytes(amount) : String(amount);
}

/** A number with at most so many decimals, without trailing zeros; what rounds to zero is `0`, never `-0`. */
export function fixed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)) + 0);
}
