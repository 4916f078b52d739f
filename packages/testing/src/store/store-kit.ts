import type { Kit } from '../kit.ts';
import { engineCases } from './engine-cases.ts';
import { fenceCases } from './fence-cases.ts';
import { lifeCases } from './life-cases.ts';
import { limitCases } from './limit-cases.ts';
import { listCases } from './list-cases.ts';
import { modelCase } from './model-case.ts';
import type { StoreSubject } from './subject.ts';
import { watchCases } from './watch-cases.ts';
import { writeCases } from './write-cases.ts';

/** The promises of `contracts.store`. Each case requires an empty, started store. */
export const storeKit: Kit<StoreSubject> = {
  contract: 'store',
  cases: [
    ...writeCases,
    ...listCases,
    ...watchCases,
    ...fenceCases,
    ...limitCases,
    ...engineCases,
    ...lifeCases,
    modelCase,
  ],
};
