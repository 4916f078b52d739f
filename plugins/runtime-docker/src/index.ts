export { DockerRuntime, dockerRuntime } from './docker-runtime.ts';
