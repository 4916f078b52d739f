import type { Kit } from '../kit.ts';
import { publishCases } from './publish-cases.ts';
import { requestCases } from './request-cases.ts';
import type { BusSubject } from './subject.ts';

/** The promises of `contracts.bus`. Each case requires a started bus without subscribers or responders. */
export const busKit: Kit<BusSubject> = {
  contract: 'bus',
  cases: [...publishCases, ...requestCases],
};
