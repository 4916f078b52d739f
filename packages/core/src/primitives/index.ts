/** Small parts that many packages and plugins are made of. */
export { Backoff } from './backoff.ts';
export { counted } from './counted.ts';
export { Feed } from './feed.ts';
export { LoopTurn } from './loop-turn.ts';
export { randomId } from './random-id.ts';
