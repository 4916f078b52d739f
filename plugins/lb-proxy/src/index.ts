export type { ProxyOptions } from './options.ts';
export { ProxyLoadBalancer, proxyLoadBalancer } from './proxy-load-balancer.ts';
