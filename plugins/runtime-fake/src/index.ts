export { FakeNetwork, fakeNetwork } from './fake-network.ts';
export { FakeRuntime, fakeRuntime } from './fake-runtime.ts';
export { FakeWorld } from './fake-world.ts';
