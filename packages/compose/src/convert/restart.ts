import type { ServiceInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';
import type { Dialect } from './stack.ts';

type RestartInput = NonNullable<ServiceInput['spec']['restart']> & {
  readonly condition: 'none' | 'on-failure' | 'any';
};

/** Longest window possible: a count of restarts that never starts over. */
const WEEK_MS = 7 * 24 * 3_600_000;
/** Swarm's default restart delay. */
const SWARM_DELAY_MS = 5000;

/**
 * `deploy.restart_policy` if given, else `restart`, else the default: `docker compose` does not restart tasks, Swarm
 * restarts all of them after 5 s.
 */
export function restartOf(service: Cursor, dialect: Dialect): RestartInput {
  const simple = simpleRestart(service.get('restart'), dialect);
  const policy = service.at('deploy', 'restart_policy');
  if (policy === undefined) return simple;
  const condition = policy.get('condition')?.oneOf('none', 'on-failure', 'any') ?? 'any';
  const written = policy.get('delay')?.duration();
  const maxAttempts = policy.get('max_attempts')?.integer();
  const windowMs = policy.get('window')?.duration();
  return {
    condition,
    ...delayOf(written ?? (dialect === 'swarm' ? SWARM_DELAY_MS : undefined)),
    ...(maxAttempts === undefined ? {} : { maxAttempts, windowMs: windowMs || WEEK_MS }),
    ...(windowMs ? { windowMs } : {}),
  };
}

/** A constant delay, without backoff. */
function delayOf(delayMs: number | undefined): Pick<RestartInput, 'delayMs' | 'maxDelayMs'> {
  return delayMs === undefined ? {} : { delayMs, maxDelayMs: delayMs };
}

function simpleRestart(restart: Cursor | undefined, dialect: Dialect): RestartInput {
  const swarm = dialect === 'swarm';
  const delay = delayOf(swarm ? SWARM_DELAY_MS : undefined);
  const byDefault: RestartInput = swarm ? { condition: 'any', ...delay } : { condition: 'none' };
  if (restart === undefined) return byDefault;
  const text = restart.text() ?? 'no';
  const [, retries] = /^on-failure(?::(\d+))?$/.exec(text) ?? [];
  if (text.startsWith('on-failure') && (text === 'on-failure' || retries !== undefined)) {
    const maxAttempts = Number(retries ?? 0);
    const bound = swarm ? { maxAttempts, windowMs: WEEK_MS } : { maxAttempts };
    return { condition: 'on-failure', ...delay, ...(maxAttempts > 0 ? bound : {}) };
  }
  if (text === 'no' || text === 'false' || text === '') {
    if (swarm)
      restart.note(
        'Swarm restarts it all the same: for no restarts, use deploy.restart_policy.condition: none',
      );
    return byDefault;
  }
  if (text !== 'always' && text !== 'unless-stopped') {
    restart.invalid(`expected no, always, unless-stopped or on-failure[:retries], got "${text}"`);
  }
  return { condition: 'any', ...delay };
}
