export { SystemClock, systemClock } from './clock.ts';
export { JsonLogger, jsonLogger } from './logger.ts';
export { LossyOutput, type LossyOutputOptions, type OutputLoss, type OutputStream } from './lossy-output.ts';
export { SystemRandom, systemRandom } from './random.ts';
