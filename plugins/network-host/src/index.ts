export { HostNetwork, hostNetwork } from './host-network.ts';
