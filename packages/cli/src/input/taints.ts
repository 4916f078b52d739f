import type { Taint } from '@gantry/core/model';
import { usage } from '../output/problem.ts';

const EFFECTS: readonly Taint['effect'][] = Object.freeze<Taint['effect'][]>(['NoSchedule', 'NoExecute']);

/** Changes taints: `key=value:Effect` sets a taint, `key:Effect-` removes one, `key-` removes all with this key. */
export function changeTaints(taints: readonly Taint[], words: readonly string[]): readonly Taint[] {
  return words.reduce<readonly Taint[]>((current, word) => changeOne(current, word), taints);
}

function changeOne(taints: readonly Taint[], word: string): readonly Taint[] {
  const removal = word.endsWith('-');
  const match = /^([^=:]+?)(?:=([^:]*))?(?::([A-Za-z]+))?$/.exec(removal ? word.slice(0, -1) : word);
  const [, key, value, effectText] = match ?? [];
  const effect = EFFECTS.find((each) => each === effectText);
  if (
    key === undefined ||
    (effectText !== undefined && effect === undefined) ||
    (!removal && effect === undefined)
  ) {
    throw usage(
      `expected KEY=VALUE:EFFECT or KEY-, got "${word}"`,
      `an effect is one of ${EFFECTS.join(', ')}`,
    );
  }
  const kept = taints.filter(
    (taint) => taint.key !== key || (effect !== undefined && taint.effect !== effect),
  );
  if (!removal && effect !== undefined) return [...kept, { key, value: value ?? '', effect }];
  if (kept.length === taints.length) throw usage(`taint ${word.slice(0, -1)} not found`);
  return kept;
}
