export type { Case, CaseContext, CaseResult, Fixture, Kit, KitOptions } from './kit.ts';
export { runCase, runKit } from './run-kit.ts';
export { checkKit, type Wreck } from './sabotage.ts';
export { SeededRandom } from './seeded-random.ts';
export { silentLogger } from './silent-logger.ts';
export { storeKit } from './store/store-kit.ts';
export type { StoreSubject } from './store/subject.ts';
export { TestClock } from './test-clock.ts';
