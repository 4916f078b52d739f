import { type AnyInput, idOf, isFinal, type ServiceInput, type Task } from '@gantry/core/model';
import { words as splitWords } from '../../../docker/shared-spec.ts';
import { splitPair } from '../../../input/key-values.ts';
import { repeatable } from '../../../input/repeatable.ts';
import { CliError, usage } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import { deployStack } from '../../../stack/deploy.ts';
import { readStack, type StackFiles } from '../../../stack/read-stack.ts';
import { removeMembers } from '../../../stack/remove.ts';
import { keyOf, ONE_OFF_LABEL, selectObjects } from '../../../stack/select.ts';
import { type FileFlags, type Group, seconds } from './group.ts';
import { unsupported } from './unsupported.ts';

interface Flags extends FileFlags {
  readonly detach?: boolean;
  readonly interactive?: boolean;
  readonly env?: readonly string[];
  readonly entrypoint?: string;
  readonly name?: string;
  readonly deps: boolean;
  readonly rm?: boolean;
  readonly servicePorts?: boolean;
  readonly useAliases?: boolean;
  readonly tty?: boolean;
  readonly user?: string;
  readonly workdir?: string;
  readonly waitTimeout: string;
}

/** Leaves room for `-run-` and 8 characters in the name of a service. */
const MAX_BASE = 50;

const NO_TERMINAL = 'a task of its own has no terminal and no standard input';
const INSTEAD_OF_TERMINAL =
  'for a shell, start a task that stays with `gantry compose run -d SERVICE sleep infinity`, and enter it with `gantry exec -it NAME -- sh`, where NAME is what the first command prints';

/** Defines `gantry compose run`: runs one additional task of a service, and exits with its exit code. */
export function defineRun({ add, act, filesOf }: Group): void {
  add('run', 'Run a one-off task of a service, and show its output', { short: [] })
    .argument('<service>', 'service of the file')
    .argument('[command...]', "the command and its arguments instead of the file's")
    .option('-d, --detach', 'print the name of the service that runs it, and do not wait')
    .addOption(repeatable('-e, --env <variable>', 'NAME=VALUE, or NAME from this environment'))
    .option('--entrypoint <command>', "replaces the image's entrypoint")
    .option('--name <name>', 'name of the service that runs it')
    .option('--no-deps', 'do not start what the service depends on')
    .option('--rm', 'remove it afterwards')
    .option('-P, --service-ports', "publish the service's ports")
    .option('--use-aliases', "answer to the service's names on its networks")
    .option('-i, --interactive', 'with standard input: not supported')
    .option('-t, --tty', 'with a terminal: not supported')
    .option('-T, --no-tty', 'accepted: it has no terminal and no standard input')
    .option('-u, --user <user>', 'run as this user')
    .option('-w, --workdir <path>', 'run in this directory')
    .option('--wait-timeout <seconds>', 'give up if it has not started after SECONDS', '600')
    .passThroughOptions()
    .action(
      act<[string, string[]], Flags>((cx, [service, words], flags) =>
        run(cx, service, words, filesOf(flags), flags),
      ),
    );
}

async function run(
  cx: Cx,
  name: string,
  words: readonly string[],
  files: StackFiles,
  flags: Flags,
): Promise<number> {
  const terminal = flags.interactive === true ? 'interactive' : flags.tty === true ? 'tty' : undefined;
  if (terminal !== undefined)
    throw unsupported(`compose run --${terminal}`, NO_TERMINAL, INSTEAD_OF_TERMINAL);
  if (flags.tty === undefined && flags.detach !== true && cx.io.stdin.isTTY)
    cx.warn(`${NO_TERMINAL}: ${INSTEAD_OF_TERMINAL} (-T turns this warning off)`);
  const read = await readStack(cx, { ...files, enabled: [name] });
  const objects = selectObjects(read.objects, { names: [name], noDeps: !flags.deps });
  const service = objects.find(
    (object): object is ServiceInput => object.kind === 'service' && keyOf(object) === name,
  );
  if (service === undefined) throw usage(`no such service: ${name}`);
  const others: readonly AnyInput[] = objects.filter((object) => object !== service);
  const deployment = {
    name: read.name,
    objects: others,
    declared: read.objects,
    inactive: read.project.inactive,
  };
  const waitFor = seconds(flags.waitTimeout, '--wait-timeout');
  if (others.length > 0)
    await deployStack(cx, deployment, { detach: true, prune: false, pruneFlag: '--remove-orphans' });
  const api = await cx.api();
  const { random } = await cx.io.system();
  const suffix = Math.floor(random.next() * 36 ** 8).toString(36);
  const created = await api.create(oneOff(cx, service, words, flags, suffix), { signal: cx.signal });
  const id = idOf(created.meta);
  if (flags.detach === true) {
    cx.print(id);
    return 0;
  }
  try {
    return await follow(cx, id, waitFor);
  } finally {
    if (flags.rm === true) await removeMembers(cx, { services: [created], networks: [] }, { quiet: true });
  }
}

/** Converts a service to a one-off task that is not restarted. */
function oneOff(
  cx: Cx,
  service: ServiceInput,
  words: readonly string[],
  flags: Flags,
  suffix: string,
): ServiceInput {
  const { template, mode: _, ...spec } = service.spec;
  const { ports, healthChecks: __, networks = [], ...rest } = template;
  const env = Object.fromEntries(
    (flags.env ?? []).flatMap((variable) => {
      const [key, value = cx.io.env[key]] = splitPair(variable);
      return value === undefined ? [] : [[key, value]];
    }),
  );
  return {
    kind: 'service',
    meta: {
      ...service.meta,
      name: flags.name ?? `${service.meta.name.slice(0, MAX_BASE)}-run-${suffix}`,
      labels: { ...service.meta.labels, [ONE_OFF_LABEL]: 'true' },
    },
    spec: {
      ...spec,
      mode: 'replicated',
      replicas: 1,
      restart: { condition: 'none' },
      template: {
        ...rest,
        ...(words.length === 0 ? {} : { args: words }),
        ...(flags.entrypoint === undefined ? {} : { command: splitWords(flags.entrypoint), args: words }),
        ...(flags.user === undefined ? {} : { user: flags.user }),
        ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
        ...(flags.servicePorts === true && ports !== undefined ? { ports } : {}),
        env: { ...rest.env, ...env },
        networks: networks.map((network) => {
          const joined = typeof network === 'string' ? { name: network } : network;
          return flags.useAliases === true ? joined : { ...joined, aliases: [] };
        }),
        healthChecks: { image: false },
      },
    },
  };
}

/** Prints the output of a one-off task, and returns its exit code. */
async function follow(cx: Cx, id: string, timeoutMs: number): Promise<number> {
  const api = await cx.api();
  const hint = `see why with \`gantry explain service/${id}\``;
  const task = await firstTask(cx, id, timeoutMs);
  const name = idOf(task.meta);
  const hasStarted = ({ status }: Task): boolean => status.state === 'running' || isFinal(status.state);
  const started = await api.wait('task', name, hasStarted, { timeoutMs, signal: cx.signal });
  if (started?.status.state === 'rejected' || started === undefined)
    throw new CliError(
      'FAILED',
      `task ${name}: ${started?.status.message ?? 'deleted before it started'}`,
      hint,
    );
  for await (const lines of api.logs({ task: name }, { follow: true, signal: cx.signal })) {
    for (const { stream, text } of lines) cx.io[stream].write(`${text}\n`);
  }
  const ended = await api.wait('task', name, ({ status }) => isFinal(status.state), {
    timeoutMs,
    signal: cx.signal,
  });
  const { exitCode, message } = ended?.status ?? {};
  if (exitCode === undefined)
    throw new CliError('FAILED', `task ${name}: ${message ?? 'ended without an exit code'}`, hint);
  return exitCode;
}

async function firstTask(cx: Cx, service: string, timeoutMs: number): Promise<Task> {
  const api = await cx.api();
  await api.wait('service', service, ({ status }) => status.desired > 0, { timeoutMs, signal: cx.signal });
  const { clock } = await cx.io.system();
  const deadline = clock.elapsed() + timeoutMs;
  while (clock.elapsed() < deadline) {
    const { items } = await api.list('task', { fields: `spec.service=${service}`, signal: cx.signal });
    const [task] = items;
    if (task !== undefined) return task;
    await clock.sleep(POLL_MS, cx.signal);
  }
  throw new CliError(
    'TIMEOUT',
    `service ${service}: no task after ${timeoutMs / 1000} s`,
    `see why with \`gantry explain service/${service}\``,
  );
}

const POLL_MS = 100;
