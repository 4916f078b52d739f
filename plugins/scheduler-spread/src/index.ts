export { spreadScheduler } from './spread-scheduler.ts';
