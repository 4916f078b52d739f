export type { CountedFrontend } from './listener.ts';
export type { ProxyOptions } from './options.ts';
export { ProxyLoadBalancer, proxyLoadBalancer } from './proxy-load-balancer.ts';
