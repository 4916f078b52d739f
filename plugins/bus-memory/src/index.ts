export { MemoryBus, memoryBus } from './memory-bus.ts';
