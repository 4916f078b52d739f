import { idOf } from '@gantry/core/model';
import { printObjects } from '../../actions/print-objects.ts';
import { FORMAT_HELP, printRows, serviceRow } from '../../docker/format.ts';
import { repeatable } from '../../input/repeatable.ts';
import { parseDuration } from '../../output/duration.ts';
import { compareNatural } from '../../output/natural-order.ts';
import { CliError } from '../../output/problem.ts';
import { didYouMean } from '../../output/suggest.ts';
import { renderTable } from '../../output/table.ts';
import type { Cx } from '../../session.ts';
import { deployStack } from '../../stack/deploy.ts';
import { type Members, membersOf, STACK_LABEL } from '../../stack/members.ts';
import { readStack } from '../../stack/read-stack.ts';
import { removeMembers } from '../../stack/remove.ts';
import type { Define } from '../entry.ts';
import { dockerFlags, type RejectedFlags } from './compose/docker-flags.ts';
import { type ShowTasksOptions, showTasksOf } from './service-show.ts';

export interface DeployFlags {
  readonly composeFile?: readonly string[];
  readonly lenient?: boolean;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly plan?: boolean;
  readonly force?: boolean;
  readonly detach?: boolean;
  readonly timeout?: string;
}

const REJECTED: RejectedFlags = Object.freeze({
  '--with-registry-auth': [
    'the credentials of this machine are not handed to the nodes',
    'log the engine of each node in to the registry',
  ],
  '--resolve-image <mode>': ['tags are not resolved to digests', 'name images by their digests in the file'],
});

/** Defines `gantry stack deploy|ls|ps|services|rm`. */
export const stack: Define = (command, act) => {
  dockerFlags(command.command('deploy'), 'stack deploy', ['-q, --quiet'], REJECTED)
    .alias('up')
    .description('Deploy a stack, or bring it up to date, with the defaults of Docker Swarm')
    .argument('<name>', 'name of the stack')
    .addOption(
      repeatable(
        '-c, --compose-file <file>',
        'Compose files; later ones are merged over earlier ones',
      ).makeOptionMandatory(),
    )
    .option('--prune', 'remove services that are no longer in the file')
    .option('--lenient', 'omit unsupported fields instead of rejecting the file')
    .option('--dry-run', 'validate without storing anything')
    .option('--plan', 'show which tasks would be started, replaced and stopped, and where')
    .option('--force', 'take ownership of fields set by another manager')
    .option('-d, --detach', 'do not wait until the services are up')
    .option('--timeout <duration>', 'give up waiting after DURATION (default: 10m)')
    .action(
      act<[string], DeployFlags>(async (cx, [name], flags) => {
        const files = { name, files: flags.composeFile, lenient: flags.lenient, dialect: 'swarm' } as const;
        const { timeout, prune = false } = flags;
        await deployStack(cx, await readStack(cx, files), {
          ...flags,
          prune,
          pruneFlag: '--prune',
          timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
        });
      }),
    );
  command
    .command('ls')
    .alias('list')
    .description('List stacks')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[], { format?: string }>(async (cx, _, { format }) => {
        const counts = new Map<string, number>();
        for (const { meta } of (await membersOf(cx)).services) {
          const name = meta.labels[STACK_LABEL] ?? '';
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        const sorted = [...counts].sort(([a], [b]) => compareNatural(a, b));
        if (format !== undefined) {
          const listed = sorted.map(([Name, Services]) => ({ Name, Services }));
          return printRows(cx, format, listed);
        }
        if (counts.size === 0) return cx.note('No stacks.');
        const rows = sorted.map(([name, services]) => [name, String(services)]);
        cx.io.stdout.write(renderTable([['NAME', 'SERVICES'], ...rows]));
      }),
    );
  command
    .command('ps')
    .description('List the tasks of a stack')
    .argument('<name>', 'name of the stack')
    .option('--running', 'only tasks that should run')
    .option('--no-trunc', 'do not shorten errors')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[string], ShowTasksOptions>(async (cx, [name], options) => {
        const { services } = await known(cx, name);
        await showTasksOf(
          cx,
          services.map(({ meta }) => idOf(meta)),
          options,
        );
      }),
    );
  command
    .command('services')
    .description('List the services of a stack')
    .argument('<name>', 'name of the stack')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[string], { format?: string }>(async (cx, [name], { format }) => {
        const { services } = await known(cx, name);
        if (format !== undefined) return printRows(cx, format, services.map(serviceRow));
        await printObjects(cx, services, {
          format: { type: 'table', wide: false },
          headers: true,
          namespaces: false,
        });
      }),
    );
  command
    .command('rm')
    .alias('down')
    .description('Remove stacks: their services and networks')
    .argument('<names...>', 'names of stacks')
    .action(
      act<[string[]]>(async (cx, [names]) => {
        for (const name of names) await removeMembers(cx, await known(cx, name));
      }),
    );
};

/** Returns the members of a stack, which must exist. */
async function known(cx: Cx, name: string): Promise<Members> {
  const members = await membersOf(cx, name);
  if (members.services.length + members.networks.length > 0) return members;
  const names = (await membersOf(cx)).services.map(({ meta }) => meta.labels[STACK_LABEL] ?? '');
  throw new CliError(
    'NOT_FOUND',
    `stack "${name}" not found`,
    didYouMean(name, names) ?? 'list them with `gantry stack ls`',
  );
}
