export { binpackScheduler } from './binpack-scheduler.ts';
