import { type Command, Option } from 'commander';
import { repeatable } from '../input/repeatable.ts';

/** Flags common to `service create` and `service update`, with Docker's names. */
export interface SharedFlags {
  readonly replicas?: string;
  readonly entrypoint?: string;
  readonly user?: string;
  readonly workdir?: string;
  readonly stopGracePeriod?: string;
  readonly stopSignal?: string;
  readonly limitCpu?: string;
  readonly limitMemory?: string;
  readonly reserveCpu?: string;
  readonly reserveMemory?: string;
  readonly genericResource?: readonly string[];
  readonly replicasMaxPerNode?: string;
  readonly restartCondition?: string;
  readonly restartDelay?: string;
  readonly restartMaxAttempts?: string;
  readonly restartWindow?: string;
  readonly updateDelay?: string;
  readonly updateFailureAction?: string;
  readonly updateMaxFailureRatio?: string;
  readonly updateMonitor?: string;
  readonly updateOrder?: string;
  readonly updateParallelism?: string;
  readonly rollbackDelay?: string;
  readonly rollbackFailureAction?: string;
  readonly rollbackMaxFailureRatio?: string;
  readonly rollbackMonitor?: string;
  readonly rollbackOrder?: string;
  readonly rollbackParallelism?: string;
  readonly limitPids?: string;
  readonly logDriver?: string;
  readonly logOpt?: readonly string[];
  readonly init?: boolean;
  /** False if `--no-healthcheck` is given. */
  readonly healthcheck?: boolean;
  readonly healthCmd?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthRetries?: string;
  readonly healthStartPeriod?: string;
  readonly detach?: boolean;
  readonly timeout?: string;
}

/** Declares the flags. */
export function sharedFlags(command: Command): Command {
  command
    .option('--replicas <count>', 'number of tasks')
    .option('--entrypoint <command>', "replaces the image's entrypoint")
    .option('-u, --user <user>', 'user or user:group')
    .option('-w, --workdir <path>', 'working directory')
    .option('--stop-grace-period <duration>', 'time between the stop signal and the kill')
    .option('--stop-signal <signal>', 'signal that stops a task')
    .option('--limit-cpu <cores>', 'maximum number of cores')
    .option('--limit-memory <bytes>', 'maximum amount of memory')
    .option('--limit-pids <count>', 'maximum number of processes and threads')
    .option('--log-driver <driver>', "log driver of the engine (default: the engine's)")
    .addOption(repeatable('--log-opt <option>', 'option of the log driver: max-size=10m'))
    .option('--init', 'run an init process as process 1')
    .option('--reserve-cpu <cores>', 'number of reserved cores')
    .option('--reserve-memory <bytes>', 'amount of reserved memory')
    .addOption(repeatable('--generic-resource <resource>', 'reserved count of another resource: gpu=1'))
    .option('--replicas-max-per-node <count>', 'maximum number of tasks on a node')
    .option('--restart-condition <condition>', 'none, on-failure or any')
    .option('--restart-delay <duration>', 'delay before the second consecutive restart')
    .option('--restart-max-attempts <count>', 'maximum number of consecutive restarts')
    .option(
      '--restart-window <duration>',
      'run time of a task after which the count of restarts starts over',
    );
  for (const [name, actions] of [
    ['update', 'pause, continue or rollback'],
    ['rollback', 'pause or continue'],
  ] as const) {
    command
      .option(
        `--${name}-delay <duration>`,
        `pause between tasks of an ${name === 'update' ? '' : 'automatic '}${name}`,
      )
      .option(`--${name}-failure-action <action>`, actions)
      .option(`--${name}-max-failure-ratio <ratio>`, 'tolerated share of failed tasks')
      .option(`--${name}-monitor <duration>`, 'time for which each new task is monitored')
      .option(`--${name}-order <order>`, 'start-first or stop-first')
      .option(`--${name}-parallelism <count>`, 'tasks at a time; 0: all');
  }
  return command
    .option('--no-healthcheck', "turn the image's own health check off")
    .option('--health-cmd <command>', 'command that checks whether a task is healthy')
    .option('--health-interval <duration>', 'time between checks (default: 30s)')
    .option('--health-timeout <duration>', 'timeout of one check (default: 30s)')
    .option('--health-retries <count>', 'consecutive failures that count (default: 3)')
    .option('--health-start-period <duration>', 'time during which failures do not count')
    .option('-d, --detach', 'do not wait until the service is up')
    .addOption(new Option('--timeout <duration>', 'give up waiting after DURATION (default: 10m)'));
}
