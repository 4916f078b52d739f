const BINARY = Object.freeze(['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']);

/** Formats bytes with a unit: `64Mi`, `1.5Gi`. */
export function showBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? fixed(value, 1) : Math.round(value)}${BINARY[unit]}`;
}

/** Formats millicores: `250m`, `2`, `1.5`. */
export function showCpu(millicores: number): string {
  if (millicores < 1000) return `${Math.round(millicores)}m`;
  return fixed(millicores / 1000, 1);
}

/** Formats a share such as `37%`; `-` if the whole is unknown or zero. */
export function showShare(part: number, whole: number | undefined): string {
  return whole === undefined || whole === 0 ? '-' : `${Math.round((part / whole) * 100)}%`;
}

/** Formats an amount of a resource. */
export function showAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return showCpu(amount);
  return resource === 'memory' ? showBytes(amount) : String(amount);
}

/**
 * Formats a number with at most `digits` decimals and without trailing zeros; a number that rounds to zero is `0`,
 * never `-0`.
 */
export function fixed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)) + 0);
}
