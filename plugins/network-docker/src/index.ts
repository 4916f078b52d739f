export { DockerNetwork, dockerNetwork } from './docker-network.ts';
