import { loadBalancerKit, SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { ProxyLoadBalancer } from '../src/proxy-load-balancer.ts';

conformance(loadBalancerKit, 'lb-proxy', () => {
  const needs = { clock: new TestClock(), random: new SeededRandom(1), logger: silentLogger };
  const loadBalancer = new ProxyLoadBalancer(needs);
  return { subject: { loadBalancer }, close: () => loadBalancer[Symbol.asyncDispose]() };
});
