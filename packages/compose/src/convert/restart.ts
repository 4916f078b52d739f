import type { ServiceInput } from '@gantry/core';
import type { Cursor } from '../model/cursor.ts';

type RestartInput = NonNullable<ServiceInput['spec']['restart']>;

/** Longest time there is: a count of restarts that is never begun anew. */
const WEEK_MS = 7 * 24 * 3_600_000;

/** `deploy.restart_policy`, else `restart`, else what Compose does without either: nothing is restarted. */
export function restartOf(service: Cursor): RestartInput & { condition: 'none' | 'on-failure' | 'any' } {
  const simple = simpleRestart(service.get('restart'));
  const policy = service.at('deploy', 'restart_policy');
  if (policy === undefined) return simple;
  const condition = policy.get('condition')?.oneOf('none', 'on-failure', 'any') ?? 'any';
  const delayMs = policy.get('delay')?.duration();
  const maxAttempts = policy.get('max_attempts')?.integer();
  const windowMs = policy.get('window')?.duration();
  return {
    condition,
    ...(delayMs === undefined ? {} : { delayMs, maxDelayMs: delayMs }),
    ...(maxAttempts === undefined ? {} : { maxAttempts, windowMs: windowMs || WEEK_MS }),
    ...(windowMs ? { windowMs } : {}),
  };
}

function simpleRestart(restart: Cursor | undefined): ReturnType<typeof restartOf> {
  if (restart === undefined) return { condition: 'none' };
  const text = restart.text() ?? 'no';
  const [, retries] = /^on-failure(?::(\d+))?$/.exec(text) ?? [];
  if (text.startsWith('on-failure') && (text === 'on-failure' || retries !== undefined)) {
    const maxAttempts = Number(retries ?? 0);
    return { condition: 'on-failure', ...(maxAttempts > 0 ? { maxAttempts } : {}) };
  }
  if (text === 'no' || text === 'false') return { condition: 'none' };
  if (text !== 'always' && text !== 'unless-stopped') {
    restart.invalid(`expected no, always, unless-stopped or on-failure[:retries], got "${text}"`);
  }
  return { condition: 'any' };
}
