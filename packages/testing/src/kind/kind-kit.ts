import type { Kit } from '../kit.ts';
import { behaviourCases } from './behaviour-cases.ts';
import { inputCases } from './input-cases.ts';
import type { KindSubject } from './subject.ts';

/** The promises of a definition for `contracts.kind`. All are checked on the definition itself, without a cluster. */
export const kindKit: Kit<KindSubject> = { contract: 'kind', cases: [...inputCases, ...behaviourCases] };
