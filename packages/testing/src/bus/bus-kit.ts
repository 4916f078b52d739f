import type { Kit } from '../kit.ts';
import { publishCases } from './publish-cases.ts';
import { requestCases } from './request-cases.ts';
import type { BusSubject } from './subject.ts';

/** The promises of `contracts.bus`. Each case wants a bus that is started and has nobody on it. */
export const busKit: Kit<BusSubject> = {
  contract: 'bus',
  cases: [...publishCases, ...requestCases],
};
