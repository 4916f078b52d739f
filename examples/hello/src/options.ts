import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly runtime: 'process' | 'docker' | 'fake';
  readonly nodes: number;
  /** Stay until Ctrl-C. */
  readonly keep: boolean;
  /** Lines instead of a live view. */
  readonly plain: boolean;
}

export const HELP = `The Gantry demo: a small web service that heals, scales and rolls while you watch.

  npm run demo -- [options]

  --runtime process|docker|fake   what the tasks run as (default: process)
  --nodes N                       nodes of the embedded cluster, 2 to 16 (default: 3)
  --keep                          leave the cluster up at the end, until Ctrl-C
  --plain                         lines instead of the live view (also without a terminal)
  --help                          this text
`;

/** Reads the command line; undefined asks for help. Throws with a sentence for the user when it makes no sense. */
export function readOptions(args: readonly string[], isTerminal: boolean): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runtime: { type: 'string', default: 'process' },
      nodes: { type: 'string', default: '3' },
      keep: { type: 'boolean', default: false },
      plain: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { runtime } = values;
  if (runtime !== 'process' && runtime !== 'docker' && runtime !== 'fake') {
    throw new Error(`--runtime ${runtime}: expected process, docker or fake`);
  }
  const nodes = Number(values.nodes);
  if (!Number.isInteger(nodes) || nodes < 2 || nodes > 16) {
    throw new Error(`--nodes ${values.nodes}: expected 2 to 16, since one node is drained`);
  }
  return { runtime, nodes, keep: values.keep, plain: values.plain || !isTerminal };
}
