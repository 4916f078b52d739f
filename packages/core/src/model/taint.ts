import type { Taint } from './node.ts';
import type { Toleration } from './service.ts';

/** The first taint that none of these tolerations accepts. Source: Kubernetes, "Taints and Tolerations". */
export function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effect?: Taint['effect'],
): Taint | undefined {
  return taints.find(
    (taint) =>
      (effect === undefined || taint.effect === effect) &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates({ key, value, effect }: Toleration, taint: Taint): boolean {
  return (
    (key === undefined || key === taint.key) &&
    (value === undefined || value === taint.value) &&
    (effect === undefined || effect === taint.effect)
  );
}

/** `key=value:NoSchedule`, as a person writes it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`;
}
