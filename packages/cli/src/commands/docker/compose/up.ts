import { idOf } from '@gantry/core/model';
import { Option } from 'commander';
import { repeatable } from '../../../input/repeatable.ts';
import { parseDuration } from '../../../output/duration.ts';
import { CliError, usage } from '../../../output/problem.ts';
import type { Cx } from '../../../session.ts';
import { deployStack } from '../../../stack/deploy.ts';
import { membersOf } from '../../../stack/members.ts';
import { readStack, type StackFiles } from '../../../stack/read-stack.ts';
import { idleDependencies, scaleObjects, selectObjects } from '../../../stack/select.ts';
import { asStopped } from '../../../stack/stopped.ts';
import { dockerFlags, type RejectedFlags } from './docker-flags.ts';
import { type FileFlags, type Group, seconds } from './group.ts';
import { unsupported } from './unsupported.ts';

interface UpFlags extends FileFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
  readonly waitTimeout?: string;
  readonly timeout?: string;
  readonly deps: boolean;
  readonly start: boolean;
  readonly recreate: boolean;
  readonly forceRecreate?: boolean;
  readonly removeOrphans?: boolean;
  readonly scale?: readonly string[];
  readonly build?: boolean;
}

/** Flags without effect: Gantry does not build, prompt or attach, and every task gets new anonymous volumes. */
const ACCEPTED: readonly string[] = Object.freeze([
  '--quiet-pull',
  '--no-log-prefix',
  '-V, --renew-anon-volumes',
  '-y, --yes',
]);
const NOT_ATTACHED = 'it does not attach to the output of the services';
const REJECTED: RejectedFlags = Object.freeze({
  '--pull <policy>': ['the policy is part of a service', 'set pull_policy in the Compose file'],
  '--abort-on-container-exit': [NOT_ATTACHED, 'wait for a job with `gantry compose run`'],
  '--abort-on-container-failure': [NOT_ATTACHED, 'wait for a job with `gantry compose run`'],
  '--exit-code-from <service>': [
    NOT_ATTACHED,
    'run the service with `gantry compose run`, which exits with its exit code',
  ],
  '--attach <service>': [NOT_ATTACHED, 'follow it with `gantry compose logs -f SERVICE`'],
  '--no-attach <service>': [NOT_ATTACHED, 'follow the others with `gantry compose logs -f SERVICE`'],
  '--always-recreate-deps': ['services are recreated by name', 'name them with --force-recreate'],
  '--watch': ['files are not watched', 'repeat `gantry compose up`'],
  '--menu': ['it has no menu', 'see `gantry compose --help`'],
});

/** Defines `gantry compose up` and `create`. */
export function defineUp({ add, act, filesOf }: Group): void {
  const flags = (name: string, description: string) =>
    dockerFlags(add(name, description), `compose ${name}`, ACCEPTED, REJECTED)
      .argument('[services...]', 'services of the file, and those they depend on (default: all)')
      .addOption(repeatable('--scale <service>', 'replicas of a service: SERVICE=REPLICAS'))
      .option('--no-deps', 'omit the services that the named ones depend on')
      .option('--no-recreate', 'do not recreate existing services')
      .option('--force-recreate', 'replace all tasks even if nothing changes')
      .option('--remove-orphans', 'remove services that are no longer in the file (COMPOSE_REMOVE_ORPHANS)')
      .option('--build', 'build images first: not supported')
      .addOption(new Option('--no-build', 'accepted: nothing is built').hideHelp())
      .option('--dry-run', 'validate without storing anything')
      .option('--force', 'take ownership of fields set by another manager');
  flags('up', 'Bring the services of a Compose file up, or up to date')
    .option('-d, --detach', 'do not wait until the services are up')
    .option('--wait', 'wait until the services are up, which is the default; with -d too')
    .option('--wait-timeout <seconds>', 'give up waiting after SECONDS (default: 600)')
    .option('--timeout <duration>', 'give up waiting after DURATION (default: 10m)')
    .option('--no-start', 'store the services without starting them')
    .action(act<[string[]], UpFlags>((cx, [names], options) => up(cx, names, filesOf(options), options)));
  flags('create', 'Store the services of a Compose file without starting them').action(
    act<[string[]], UpFlags>((cx, [names], options) =>
      up(cx, names, filesOf(options), { ...options, start: false }),
    ),
  );
}

async function up(cx: Cx, names: readonly string[], files: StackFiles, flags: UpFlags): Promise<void> {
  if (flags.build === true)
    throw unsupported(
      'compose up --build',
      'Gantry builds no images',
      'build them first: docker compose build',
    );
  if (!flags.recreate && flags.forceRecreate === true)
    throw usage('--no-recreate and --force-recreate exclude each other');
  const { name, objects: declared, project } = await readStack(cx, { ...files, enabled: names });
  const scaled = scaleObjects(declared, flags.scale ?? []);
  let objects = selectObjects(scaled, { names, noDeps: !flags.deps });
  const idle = idleDependencies(objects);
  if (idle.length > 0 && flags.start)
    throw new CliError(
      'FAILED',
      `compose up: ${idle.join('; ')}`,
      'give it replicas (--scale SERVICE=1), or take it out of depends_on; nothing was stored',
    );
  if (!flags.start) objects = asStopped(objects);
  if (!flags.recreate) objects = await newOnes(cx, name, objects);
  const wait = flags.wait === true || flags.detach !== true;
  await deployStack(
    cx,
    { name, objects, declared, inactive: project.inactive },
    {
      dryRun: flags.dryRun,
      force: flags.force,
      detach: !wait || !flags.start,
      timeoutMs: timeoutOf(flags),
      recreate: flags.forceRecreate,
      prune: flags.removeOrphans ?? isSet(cx.io.env.COMPOSE_REMOVE_ORPHANS),
      pruneFlag: '--remove-orphans',
    },
  );
}

/** Returns the objects that do not exist in the cluster yet. */
async function newOnes<
  T extends {
    readonly kind: string;
    readonly meta: { readonly name: string; readonly namespace?: string | undefined };
  },
>(cx: Cx, name: string, objects: readonly T[]): Promise<readonly T[]> {
  const { services } = await membersOf(cx, name);
  const ids = new Set(services.map(({ meta }) => idOf(meta)));
  return objects.filter(({ kind, meta }) => kind !== 'service' || !ids.has(idOf(meta)));
}

function timeoutOf({ timeout, waitTimeout }: UpFlags): number | undefined {
  if (waitTimeout !== undefined) return seconds(waitTimeout, '--wait-timeout');
  return timeout === undefined ? undefined : parseDuration(timeout, '--timeout');
}

function isSet(text: string | undefined): boolean {
  return text === '1' || text?.toLowerCase() === 'true';
}
