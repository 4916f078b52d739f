import type { Kit } from '../kit.ts';
import { readCases } from './read-cases.ts';
import { serviceCases } from './service-cases.ts';
import { streamCases } from './stream-cases.ts';
import type { ClusterApiSubject } from './subject.ts';
import { writeCases } from './write-cases.ts';

/** The promises of `ClusterApi`, whether the cluster is in this process or behind HTTP. */
export const clusterApiKit: Kit<ClusterApiSubject> = {
  contract: 'cluster-api',
  cases: [...writeCases, ...readCases, ...serviceCases, ...streamCases],
};
