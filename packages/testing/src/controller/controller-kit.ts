import type { Kit } from '../kit.ts';
import { faultCases } from './fault-cases.ts';
import { lifeCases } from './life-cases.ts';
import type { ControllerSubject } from './subject.ts';

/**
 * The promises of `contracts.controller`. The controller runs in a whole cluster; the kit sits between it and its
 * writer. Faults strike its first write, then its second, and so on.
 */
export const controllerKit: Kit<ControllerSubject> = {
  contract: 'controller',
  cases: [...lifeCases, ...faultCases],
};
