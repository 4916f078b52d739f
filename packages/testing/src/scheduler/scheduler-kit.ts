import type { Scheduler } from '@gantry/core';
import type { Kit } from '../kit.ts';
import { explanationCases } from './explanation-cases.ts';
import { placementCases } from './placement-cases.ts';
import { purityCases } from './purity-cases.ts';

/** Every promise of the scheduler contract. */
export const schedulerKit: Kit<Scheduler> = {
  contract: 'scheduler',
  cases: [...placementCases, ...purityCases, ...explanationCases],
};
