import type { RuntimeName } from '../config/define-config.ts';
import { probeDocker } from './docker-probe.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Chooses Docker if its engine answers, otherwise processes; returns the reason as well. */
export async function chooseRuntime(env: Env): Promise<{ runtime: RuntimeName; chosen: string }> {
  const docker = await probeDocker(env);
  return docker.found
    ? { runtime: 'docker', chosen: `Docker ${docker.version} answers at ${docker.host}` }
    : { runtime: 'process', chosen: `no Docker engine answers at ${docker.host}` };
}
