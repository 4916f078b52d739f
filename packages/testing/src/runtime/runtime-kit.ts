import type { Kit } from '../kit.ts';
import { adoptionCases } from './adoption-cases.ts';
import { capabilityCases } from './capability-cases.ts';
import { eventCases } from './event-cases.ts';
import { execAsCases } from './exec-as-cases.ts';
import { lifeCases } from './life-cases.ts';
import type { RuntimeSubject } from './subject.ts';

/** The promises of `contracts.runtime`. Each case requires a started runtime without tasks. */
export const runtimeKit: Kit<RuntimeSubject> = {
  contract: 'runtime',
  cases: [...lifeCases, ...eventCases, ...adoptionCases, ...capabilityCases, ...execAsCases],
};
