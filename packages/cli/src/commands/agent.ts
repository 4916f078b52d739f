import { hostname } from 'node:os';
import { Option } from 'commander';
import type { GantryConfig, RuntimeName } from '../config/define-config.ts';
import { splitPair } from '../input/key-values.ts';
import { EXIT } from '../output/exit-codes.ts';
import { usage } from '../output/problem.ts';
import type { NatsOptions } from '../parts/nats-parts.ts';
import { runAgent } from '../parts/run-agent.ts';
import type { Define } from './entry.ts';
import { withNats } from './part-options.ts';

interface Options extends NatsOptions {
  readonly name?: string;
  readonly node?: string;
  readonly runtime?: RuntimeName;
  readonly label: readonly string[];
  readonly taskAddress?: string;
  readonly address?: string;
  readonly data?: string;
  readonly taskUser?: string;
  readonly stopTasks?: boolean;
  readonly takeOver?: boolean;
  readonly config?: string;
  readonly logLevel?: NonNullable<GantryConfig['logLevel']>;
}

/** Defines `gantry agent`. */
export const agent: Define = (command, act) => {
  withNats(command.option('--name <name>', 'name of the cluster (default: gantry)'))
    .option('--node <name>', 'name of this node (default: the host name)')
    .addOption(
      new Option(
        '--runtime <runtime>',
        'runtime of the tasks (default: docker if its engine answers, otherwise process)',
      ).choices(['process', 'docker', 'fake']),
    )
    .option('--label <key=value>', 'label of the node; may be repeated', collect, [])
    .option(
      '--task-address <ip>',
      'address at which other hosts reach processes of this one (default: 127.0.0.1)',
    )
    .option('--address <ip>', 'address on which published ports listen (default: 127.0.0.1)')
    .option('--data <folder>', 'directory for the records of its tasks (default: a directory of the user)')
    .option(
      '--task-user <user>',
      'user or user:group of process tasks whose template names none; needs root (default: the user of Gantry)',
    )
    .option('--stop-tasks', 'stop the tasks on exit (default: they run on, and the next agent adopts them)')
    .option('--take-over', 'replace another agent of this node that is in contact with the cluster')
    .option('--config <file>', 'configuration file (default: gantry.config.ts in the current directory)')
    .addOption(
      new Option('--log-level <level>', 'log level (default: info)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .action(
      act<[], Options>(async (cx, _, { label, ...options }) => {
        await runAgent(cx, {
          ...options,
          node: options.node ?? hostname().toLowerCase().split('.')[0] ?? 'node',
          labels: labelsOf(label),
        });
        return EXIT.ok; // Ctrl-C is the normal way to stop it
      }),
    );
};

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of pairs) {
    const [key, value] = splitPair(pair);
    if (key === '' || value === undefined) throw usage(`--label: expected KEY=VALUE, got "${pair}"`);
    labels[key] = value;
  }
  return labels;
}
