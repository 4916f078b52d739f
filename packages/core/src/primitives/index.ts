/** Small parts that many plugins are made of. */
export { Backoff } from './backoff.ts';
export { Feed } from './feed.ts';
export { LoopTurn } from './loop-turn.ts';
