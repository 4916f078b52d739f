import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const imageScript = fileURLToPath(new URL('../../scripts/test-images.mjs', import.meta.url));

/** Builds the images of the Docker benchmarks, once, from files of this machine. */
export async function makeImages(): Promise<void> {
  await promisify(execFile)(process.execPath, [imageScript]);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
