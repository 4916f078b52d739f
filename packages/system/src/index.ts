export { SystemClock, systemClock } from './clock.ts';
export { JsonLogger, jsonLogger } from './logger.ts';
export { SystemRandom, systemRandom } from './random.ts';
