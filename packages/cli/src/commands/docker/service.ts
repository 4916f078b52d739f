import type { Command } from 'commander';
import { deleteAll } from '../../actions/delete-all.ts';
import { type LogsOptions, showLogs } from '../../actions/show-logs.ts';
import { allPages } from '../../cluster/all-pages.ts';
import { followRollout } from '../../cluster/follow-rollout.ts';
import { CORE_KINDS, findKind } from '../../cluster/kinds.ts';
import { idIn, parseService } from '../../cluster/refs.ts';
import type { CreateFlags } from '../../docker/create-service.ts';
import { sharedFlags } from '../../docker/flags.ts';
import { FORMAT_HELP, printRows, serviceRow } from '../../docker/format.ts';
import type { UpdateFlags } from '../../docker/update-service.ts';
import { repeatable } from '../../input/repeatable.ts';
import { parseDuration } from '../../output/duration.ts';
import type { Define } from '../entry.ts';
import { runGet } from '../get.ts';
import { scale } from '../scale.ts';
import { createService } from './service-create.ts';
import { inspectServices, type ShowTasksOptions, showTasksOf } from './service-show.ts';
import { updateService } from './service-update.ts';

interface ListOptions {
  readonly filter?: string;
  readonly quiet?: boolean;
  readonly format?: string;
}

/** Defines `gantry service create|ls|ps|inspect|scale|update|rollback|logs|rm`. */
export const service: Define = (command, act) => {
  createFlags(command.command('create').description('Create a service'))
    .argument('[image]', 'image; with --process the first word of a command')
    .argument('[command...]', 'command and arguments in the image')
    .passThroughOptions()
    .action(
      act<[string | undefined, string[]], CreateFlags & { envFile?: string[] }>((cx, [image, words], flags) =>
        createService(cx, image === undefined ? words : [image, ...words], flags),
      ),
    );
  command
    .command('ls')
    .alias('list')
    .description('List services')
    .option('-f, --filter <labels>', 'only with these labels: label=app=web')
    .option('-q, --quiet', 'names only')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[], ListOptions>(async (cx, _, { filter, quiet, format }) => {
        const selector = filter?.replace(/^label=/, '');
        if (format !== undefined) {
          const { namespace } = await cx.target();
          const select = { namespace, labels: selector, signal: cx.signal };
          const { items } = await allPages(await cx.api(), 'service', select);
          return printRows(cx, format, items.map(serviceRow));
        }
        return runGet(cx, ['service'], {
          headers: true,
          ...(quiet === true ? { output: "jsonpath={range .items[*]}{.meta.name}{'\\n'}{end}" } : {}),
          ...(selector === undefined ? {} : { selector }),
        });
      }),
    );
  command
    .command('ps')
    .description('List the tasks of services')
    .argument('<services...>', 'names of services')
    .option('--running', 'only tasks that should run')
    .option('--no-trunc', 'do not shorten errors')
    .option('--format <template>', FORMAT_HELP)
    .action(
      act<[string[]], ShowTasksOptions>(async (cx, [words], options) => {
        const ids = await Promise.all(words.map((word) => parseService(cx, word)));
        await showTasksOf(cx, ids, options);
      }),
    );
  command
    .command('inspect')
    .description('Show services as JSON')
    .argument('<services...>', 'names of services')
    .option('--pretty', 'for people')
    .option('-f, --format <template>', FORMAT_HELP)
    .action(
      act<[string[]], { pretty?: boolean; format?: string }>((cx, [words], { pretty, format }) =>
        inspectServices(cx, words, pretty === true, format),
      ),
    );
  scale(command.command('scale').description('Set how many replicas services have'), act);
  updateFlags(command.command('update').description('Change a service'))
    .argument('<service>', 'name of a service')
    .action(
      act<[string], UpdateFlags & { force?: boolean; rollback?: boolean }>((cx, [word], flags) =>
        updateService(cx, word, flags),
      ),
    );
  command
    .command('rollback')
    .description('Go back to the previous template')
    .argument('<service>', 'name of a service')
    .option('-d, --detach', 'do not wait until it is over')
    .option('--timeout <duration>', 'give up waiting after DURATION (default: 10m)')
    .action(
      act<[string], { detach?: boolean; timeout?: string }>(async (cx, [word], { detach, timeout }) => {
        const id = await parseService(cx, word);
        await (await cx.api()).rollback(id, { signal: cx.signal });
        cx.print(`service/${id} rolled back`);
        if (detach === true) return;
        await followRollout(
          cx,
          id,
          timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, '--timeout') },
        );
      }),
    );
  logsCommand(command.command('logs').description('Show the logs of the tasks of a service')).action(
    act<[string], LogsOptions & { raw?: boolean }>(async (cx, [word], options) => {
      const id = await parseService(cx, word);
      await showLogs(cx, { kind: 'service', id }, { ...options, prefix: options.raw !== true });
    }),
  );
  command
    .command('rm')
    .description('Remove services')
    .argument('<services...>', 'names of services')
    .option('--no-wait', 'do not wait until they are gone')
    .option('--timeout <duration>', 'give up waiting after DURATION', '2m')
    .action(
      act<[string[]], { wait: boolean; timeout: string }>(async (cx, [words], { wait, timeout }) => {
        const kind = findKind('service', CORE_KINDS) as NonNullable<ReturnType<typeof findKind>>;
        const target = await cx.target();
        const refs = words.map((word) => ({ kind, id: idIn(target, kind, word) }));
        await deleteAll(cx, refs, { wait, timeoutMs: parseDuration(timeout, '--timeout') });
      }),
    );
};

function createFlags(command: Command): Command {
  return sharedFlags(command)
    .option('--name <name>', 'name (default: from the image)')
    .addOption(repeatable('--network <network>', 'network to join; created if it does not exist'))
    .addOption(repeatable('-p, --publish <port>', 'port to publish: 8080:80'))
    .addOption(repeatable('-e, --env <variable>', 'variable: NAME=VALUE, or NAME from this environment'))
    .addOption(repeatable('--env-file <file>', 'file with variables'))
    .addOption(repeatable('--mount <mount>', 'type=bind,source=/a,target=/b'))
    .addOption(repeatable('--constraint <constraint>', 'node.labels.zone==a'))
    .addOption(repeatable('--placement-pref <preference>', 'spread=node.labels.zone'))
    .addOption(repeatable('-l, --label <label>', 'label of the service'))
    .addOption(repeatable('--container-label <label>', 'label of its containers'))
    .option('--mode <mode>', 'replicated or global')
    .option('--process', 'run a command of the node itself, without an image');
}

function updateFlags(command: Command): Command {
  sharedFlags(command)
    .option('--image <image>', 'the new image')
    .option('--args <command>', 'arguments in the image');
  for (const [name, what] of [
    ['env', 'variable'],
    ['label', 'label of the service'],
    ['container-label', 'label of its containers'],
    ['constraint', 'placement constraint'],
    ['publish', 'published port; removed by its target'],
    ['mount', 'mount; removed by its target'],
    ['network', 'network'],
  ] as const) {
    command
      .addOption(repeatable(`--${name}-add <${name}>`, `add a ${what}`))
      .addOption(repeatable(`--${name}-rm <${name}>`, 'remove one'));
  }
  return command
    .option('--force', 'replace every task even if nothing changes')
    .option('--rollback', 'go back to the previous template');
}

function logsCommand(command: Command): Command {
  return command
    .argument('<service>', 'name of a service')
    .option('-f, --follow', 'stream new lines')
    .option('--tail <lines>', 'print only the last LINES lines of each task')
    .option('--since <duration>', 'print only lines of the last DURATION, such as 10m')
    .option('--timestamps', 'print the time in front of each line')
    .option('--raw', 'omit task and node');
}
