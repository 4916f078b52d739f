import { idOf } from '@gantry/core/model';
import type { Cx } from '../../../session.ts';
import { startService, stoppedReplicas, stopService } from '../../../stack/stopped.ts';
import { waitForServices } from '../../../stack/wait.ts';
import { type FileFlags, type Group, seconds, storedServices, WAIT_MS } from './group.ts';
import { unsupported } from './unsupported.ts';

interface Flags extends FileFlags {
  readonly timeout?: string;
  readonly wait?: boolean;
  readonly waitTimeout?: string;
}

const NO_PAUSE = 'no runtime can freeze the processes of a task';
const NO_KILL = 'a signal cannot be sent to a task, only the one that stops it';
const NO_PULL = 'nodes pull an image when they start a task that needs it';

/** Defines `gantry compose start`, `stop`, `restart`, and those commands of Docker that Gantry rejects. */
export function defineLifecycle(group: Group): void {
  const { add, act, filesOf } = group;
  add('start', 'Start services that have been stopped')
    .argument('[services...]', 'services of the file (default: all)')
    .option('--wait', 'wait until the services are up')
    .option('--wait-timeout <seconds>', 'give up waiting after SECONDS (default: 600)')
    .action(
      act<[string[]], Flags>(async (cx, [names], flags) => {
        const stopped = (await storedServices(cx, filesOf(flags), names)).filter(
          (service) => stoppedReplicas(service) !== undefined,
        );
        if (stopped.length === 0) cx.note('No stopped services.');
        const started = [];
        for (const service of stopped) started.push(await startService(cx, service));
        if (flags.wait !== true && flags.waitTimeout === undefined) return;
        const { waitTimeout } = flags;
        const timeoutMs = waitTimeout === undefined ? undefined : seconds(waitTimeout, '--wait-timeout');
        await waitForServices(cx, started, { timeoutMs });
      }),
    );
  add('stop', 'Stop services without removing them')
    .argument('[services...]', 'services of the file (default: all)')
    .option('-t, --timeout <seconds>', 'time to stop: not supported, set stop_grace_period in the file')
    .action(
      act<[string[]], Flags>(async (cx, [names], flags) => {
        rejectTimeout('compose stop', flags);
        for (const service of await storedServices(cx, filesOf(flags), names)) {
          await stopService(cx, service, WAIT_MS);
        }
      }),
    );
  add('restart', 'Replace the tasks of services')
    .argument('[services...]', 'services of the file (default: all)')
    .option('--no-deps', 'accepted: what a service depends on is never restarted')
    .option('-t, --timeout <seconds>', 'time to stop: not supported, set stop_grace_period in the file')
    .action(
      act<[string[]], Flags>(async (cx, [names], flags) => {
        rejectTimeout('compose restart', flags);
        await restart(cx, group, names, flags);
      }),
    );
  reject(group, 'pause', 'Pause services: not supported', NO_PAUSE, 'stop them: `gantry compose stop`');
  reject(group, 'unpause', 'Unpause services: not supported', NO_PAUSE, 'start them: `gantry compose start`');
  reject(
    group,
    'kill',
    'Send a signal to services: not supported',
    NO_KILL,
    'stop them, or `gantry compose exec SERVICE kill -s SIGNAL 1`',
  )
    .option('-s, --signal <signal>', 'the signal')
    .option('--remove-orphans', 'remove services that are no longer in the file');
  reject(
    group,
    'pull',
    'Pull images: not supported',
    NO_PULL,
    'have it always asked for with pull_policy: always in the file',
  )
    .option('-q, --quiet', 'show no progress')
    .option('--policy <policy>', 'missing or always')
    .option('--include-deps', 'include what services depend on')
    .option('--ignore-pull-failures', 'continue after a failure');
  reject(
    group,
    'build',
    'Build images: not supported',
    'Gantry builds no images',
    'build them: docker compose build',
  ).allowUnknownOption();
}

async function restart(cx: Cx, { filesOf }: Group, names: readonly string[], flags: Flags): Promise<void> {
  const api = await cx.api();
  const restarted = [];
  for (const service of await storedServices(cx, filesOf(flags), names)) {
    const id = idOf(service.meta);
    restarted.push(
      stoppedReplicas(service) === undefined
        ? await api.restart(id, { signal: cx.signal })
        : await startService(cx, service),
    );
    if (stoppedReplicas(service) === undefined) cx.print(`service/${id} restarted`);
  }
  await waitForServices(cx, restarted, {});
}

function rejectTimeout(what: string, { timeout }: Flags): void {
  if (timeout === undefined) return;
  throw unsupported(
    `${what} --timeout`,
    'the time to stop is part of a service',
    'set stop_grace_period in the Compose file',
  );
}

function reject({ add, act }: Group, name: string, summary: string, why: string, hint: string) {
  return add(name, summary)
    .argument('[services...]', 'services of the file')
    .action(
      act(async () => {
        throw unsupported(`compose ${name}`, why, hint);
      }),
    );
}
