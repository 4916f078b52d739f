import { splitPair } from '../input/key-values.ts';
import { usage } from '../output/problem.ts';
import type { SharedFlags } from './flags.ts';
import { bytes, cores, count, duration, oneOf, ratio } from './values.ts';

/** A tree of values in which undefined fields are omitted. */
export type Spec = Record<string, unknown>;

/** Converts the flags that creating and updating share to a part of a service's spec. */
export function sharedSpec(flags: SharedFlags): Spec {
  const healthChecks = healthChecksOf(flags);
  const spec = compact({
    replicas: flags.replicas === undefined ? undefined : count(flags.replicas, '--replicas'),
    template: compact({
      command: flags.entrypoint === undefined ? undefined : words(flags.entrypoint),
      user: flags.user,
      workingDir: flags.workdir,
      stopGraceMs: mapped(flags.stopGracePeriod, '--stop-grace-period', duration),
      stopSignal: flags.stopSignal === undefined ? undefined : signalOf(flags.stopSignal),
      init: flags.init,
      logging: loggingOf(flags),
      resources: resourcesOf(flags),
      healthChecks,
    }),
    placement: compact({
      maxReplicasPerNode: mapped(flags.replicasMaxPerNode, '--replicas-max-per-node', count),
    }),
    restart: compact({
      condition:
        flags.restartCondition === undefined
          ? undefined
          : oneOf(flags.restartCondition, '--restart-condition', ['none', 'on-failure', 'any']),
      delayMs: mapped(flags.restartDelay, '--restart-delay', duration),
      maxAttempts: mapped(flags.restartMaxAttempts, '--restart-max-attempts', count),
      windowMs: mapped(flags.restartWindow, '--restart-window', duration),
    }),
    update: policyOf(flags, 'update', ['pause', 'continue', 'rollback']),
    rollback: policyOf(flags, 'rollback', ['pause', 'continue']),
  });
  return spec ?? {};
}

function policyOf(
  flags: SharedFlags,
  name: 'update' | 'rollback',
  actions: readonly string[],
): Spec | undefined {
  const read = (part: string): string | undefined =>
    (flags as Readonly<Record<string, string | undefined>>)[`${name}${part}`];
  const order = read('Order');
  const action = read('FailureAction');
  return compact({
    parallelism: mapped(read('Parallelism'), `--${name}-parallelism`, count),
    delayMs: mapped(read('Delay'), `--${name}-delay`, duration),
    order: order === undefined ? undefined : oneOf(order, `--${name}-order`, ['start-first', 'stop-first']),
    monitorMs: mapped(read('Monitor'), `--${name}-monitor`, duration),
    maxFailureRatio: mapped(read('MaxFailureRatio'), `--${name}-max-failure-ratio`, ratio),
    failureAction: action === undefined ? undefined : oneOf(action, `--${name}-failure-action`, actions),
  });
}

function resourcesOf(flags: SharedFlags): Spec | undefined {
  const generic = (flags.genericResource ?? []).map((word) => {
    const [name, amount] = splitPair(word);
    if (amount === undefined) throw usage(`--generic-resource: expected NAME=COUNT, got "${word}"`);
    return [name, count(amount, '--generic-resource')];
  });
  return compact({
    requests: compact({
      cpu: mapped(flags.reserveCpu, '--reserve-cpu', cores),
      memory: mapped(flags.reserveMemory, '--reserve-memory', bytes),
      ...Object.fromEntries(generic),
    }),
    limits: compact({
      cpu: mapped(flags.limitCpu, '--limit-cpu', cores),
      memory: mapped(flags.limitMemory, '--limit-memory', bytes),
      pids: mapped(flags.limitPids, '--limit-pids', count),
    }),
  });
}

function loggingOf({ logDriver, logOpt = [] }: SharedFlags): Spec | undefined {
  const options = logOpt.map((word) => {
    const [name, value] = splitPair(word);
    if (value === undefined) throw usage(`--log-opt: expected NAME=VALUE, got "${word}"`);
    return [name, value];
  });
  return compact({
    driver: logDriver,
    options: options.length === 0 ? undefined : Object.fromEntries(options),
  });
}

/**
 * Converts one Docker check to two of Gantry's: until it succeeds, a task gets no traffic and does not count (startup);
 * after that, an unhealthy task is replaced (liveness) or, if nothing would replace it, gets no traffic (readiness).
 * Without a command, the other flags change the image's own check.
 */
function healthChecksOf(flags: SharedFlags): Spec | undefined {
  const { healthCmd, healthInterval, healthTimeout, healthRetries, healthStartPeriod, restartCondition } =
    flags;
  const none = { startup: null, readiness: null, liveness: null, image: false };
  if (flags.healthcheck === false) {
    if (healthCmd !== undefined) throw usage('--no-healthcheck and --health-cmd exclude each other');
    return none;
  }
  const changes = compact({
    intervalMs: mapped(healthInterval, '--health-interval', duration),
    timeoutMs: mapped(healthTimeout, '--health-timeout', duration),
    retries: mapped(healthRetries, '--health-retries', count),
    startPeriodMs: mapped(healthStartPeriod, '--health-start-period', duration),
  });
  if (healthCmd === undefined) {
    return changes === undefined ? undefined : { image: changes };
  }
  if (healthCmd === '' || healthCmd === 'none') return none;
  const check = {
    exec: { command: ['/bin/sh', '-c', healthCmd] },
    intervalMs: 30_000,
    timeoutMs: 30_000,
    retries: 3,
    startPeriodMs: 0,
    ...changes,
  };
  return { startup: check, ...(restartCondition === 'none' ? { readiness: check } : { liveness: check }) };
}

function mapped<T>(
  text: string | undefined,
  flag: string,
  read: (text: string, flag: string) => T,
): T | undefined {
  return text === undefined ? undefined : read(text, flag);
}

const signalOf = (text: string): string => (text.startsWith('SIG') ? text : `SIG${text.toUpperCase()}`);

/** Splits a command line at spaces outside of quotes. */
export function words(text: string): string[] {
  const found = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return found.map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, a?: string, b?: string) => a ?? b ?? ''),
  );
}

/** Drops undefined fields; returns undefined if no field is left. */
export function compact(tree: Spec): Spec | undefined {
  const fields = Object.entries(tree).filter(([, value]) => value !== undefined);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
