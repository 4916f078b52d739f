import { Option } from 'commander';
import type { GantryConfig, RuntimeName } from '../config/define-config.ts';
import { parseCount } from '../input/key-values.ts';
import { startBackground } from '../local/background.ts';
import { refuseRunning, runForeground } from '../local/foreground.ts';
import { type LocalOptions, localSettings } from '../local/settings.ts';
import { EXIT } from '../output/exit-codes.ts';
import { renderFields } from '../output/fields.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly detach?: boolean;
  readonly runtime?: RuntimeName;
  readonly nodes?: string;
  readonly name?: string;
  readonly data?: string;
  readonly config?: string;
  readonly port?: string;
  readonly taskUser?: string;
  readonly leaveTasks?: boolean;
  readonly logLevel?: NonNullable<GantryConfig['logLevel']>;
  readonly inBackground?: boolean;
}

/** Defines `gantry up`. */
export const up: Define = (command, act) => {
  command
    .option('-d, --detach', 'run in the background: return once it is ready')
    .addOption(
      new Option(
        '--runtime <runtime>',
        'runtime of the tasks (default: docker if its engine answers, otherwise process)',
      ).choices(['process', 'docker', 'fake']),
    )
    .option('--nodes <count>', 'number of nodes (default: 1)')
    .option('--name <name>', 'name of the cluster and of its context (default: gantry)')
    .option('--data <folder>', 'directory for persistent state (default: in memory)')
    .option('--config <file>', 'configuration file (default: gantry.config.ts in the current directory)')
    .option('--port <port>', 'port of the API on 127.0.0.1 (default: any free one)')
    .option(
      '--task-user <user>',
      'user or user:group of process tasks whose template names none; needs root (default: the user of Gantry)',
    )
    .option(
      '--leave-tasks',
      'with --data, leave the tasks running on exit: the next start adopts them, and down stops them',
    )
    .addOption(
      new Option('--log-level <level>', 'log level (default: warn)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .addOption(new Option('--in-background').hideHelp())
    .action(act<[], Options>((cx, _, options) => runUp(cx, options)));
};

async function runUp(cx: Cx, options: Options): Promise<number> {
  const settings = await localSettings(cx.io.env, cx.io.cwd, localOptions(options));
  const { name, runtime, chosen } = settings;
  if (options.detach !== true) {
    if (chosen !== undefined && options.inBackground !== true) cx.note(`Runtime ${runtime}: ${chosen}.`);
    await runForeground(cx, settings, options.inBackground === true);
    return EXIT.ok; // Ctrl-C is the normal way to stop it
  }
  await refuseRunning(cx, name);
  if (chosen !== undefined) cx.note(`Runtime ${runtime}: ${chosen}.`);
  const args = [
    'up',
    '--in-background',
    '--name',
    name,
    ...(runtime === 'none' ? [] : ['--runtime', runtime]),
    ...passedOn(options),
  ];
  const { pid, log, server, nodes } = await startBackground(cx, name, args);
  cx.io.stdout.write(
    renderFields(
      [
        ['Cluster', name],
        ['Server', server],
        ['Context', `${name} (the current one)`],
        ['Nodes', nodes.join(', ')],
        ['Process', pid],
        ['Log', log],
        ['End it with', `gantry down ${name}`],
      ],
      cx.colors,
    ),
  );
  return EXIT.ok;
}

function passedOn({ nodes, config, port, data, taskUser, leaveTasks, logLevel }: Options): string[] {
  const values = { nodes, config, port, data, 'task-user': taskUser, 'log-level': logLevel };
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return leaveTasks === true ? [...given, '--leave-tasks'] : given;
}

function localOptions({
  name,
  runtime,
  nodes,
  config,
  port,
  data,
  taskUser,
  leaveTasks,
  logLevel,
}: Options): LocalOptions {
  return {
    name,
    runtime,
    config,
    data,
    taskUser,
    leaveTasks,
    logLevel,
    nodes: nodes === undefined ? undefined : parseCount(nodes, '--nodes'),
    port: port === undefined ? undefined : parseCount(port, '--port'),
  };
}
