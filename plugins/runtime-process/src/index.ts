export { ProcessRuntime, processRuntime } from './process-runtime.ts';
