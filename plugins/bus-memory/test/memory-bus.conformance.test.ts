import { busKit, silentLogger, TestClock } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { MemoryBus } from '../src/memory-bus.ts';

conformance(busKit, 'bus-memory', () => {
  const clock = new TestClock();
  let errors = 0;
  const bus = new MemoryBus(clock, { ...silentLogger, error: () => errors++ });
  return {
    subject: { bus, pass: (ms) => clock.advance(ms), logged: () => errors },
    close: () => bus[Symbol.asyncDispose](),
  };
});
