import { execFileSync } from 'node:child_process';
import { onPath } from './service-probes.ts';

export interface NatsProgram {
  readonly program: string;
  readonly version: string;
}

/**
 * The newest nats-server there is: that of GANTRY_NATS_SERVER, or that on PATH. What servers of Debian 12 (2.9.10) cannot keep
 * is tested with it.
 */
export function newestNats(): NatsProgram {
  const program = process.env.GANTRY_NATS_SERVER ?? onPath('nats-server');
  if (program === undefined) return { program: 'nats-server', version: '0.0.0' };
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return { program, version: /\bv(\d\S*)/.exec(said)?.[1] ?? '0.0.0' };
}
