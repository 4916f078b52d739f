import type { ServiceSpec } from '@gantry/core/model';
import { globalMode } from './global/global-mode.ts';
import { replicatedMode } from './replicated/replicated-mode.ts';
import type { ServiceMode } from './service-mode.ts';

const MODES: Readonly<Record<ServiceSpec['mode'], ServiceMode>> = Object.freeze({
  replicated: replicatedMode,
  global: globalMode,
});

/** The mode of a service. */
export function modeOf({ mode }: Pick<ServiceSpec, 'mode'>): ServiceMode {
  return MODES[mode];
}
