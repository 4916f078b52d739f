import type { Kit } from '../kit.ts';
import { lifeCases } from './life-cases.ts';
import { listCases } from './list-cases.ts';
import { modelCase } from './model-case.ts';
import type { StoreSubject } from './subject.ts';
import { watchCases } from './watch-cases.ts';
import { writeCases } from './write-cases.ts';

/** The promises of `contracts.store`. Each case wants a store that is empty and started. */
export const storeKit: Kit<StoreSubject> = {
  contract: 'store',
  cases: [...writeCases, ...listCases, ...watchCases, ...lifeCases, modelCase],
};
