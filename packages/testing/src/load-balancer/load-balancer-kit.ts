import type { Kit } from '../kit.ts';
import { applyCases } from './apply-cases.ts';
import { ejectionCases } from './ejection-cases.ts';
import { forwardCases } from './forward-cases.ts';
import type { LoadBalancerSubject } from './subject.ts';

/** The promises of `contracts.loadBalancer`, checked with real connections on 127.0.0.1. */
export const loadBalancerKit: Kit<LoadBalancerSubject> = {
  contract: 'load-balancer',
  cases: [...forwardCases, ...applyCases, ...ejectionCases],
};
