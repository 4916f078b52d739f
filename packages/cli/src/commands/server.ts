import { CliError } from '../output/problem.ts';
import type { Define } from './entry.ts';

/** What a cluster over several hosts needs, and this version does not have. */
const NEEDED =
  'it needs a bus over the network (NATS) and a durable store (etcd), which this version does not have';
const INSTEAD = '`gantry up` runs a whole cluster on this machine';

/** `gantry server`. */
export const server: Define = (command, act) => {
  command.action(
    act(async () => {
      throw new CliError('UNSUPPORTED', `a control plane of its own cannot be run yet: ${NEEDED}`, INSTEAD);
    }),
  );
};

/** `gantry agent`. */
export const agent: Define = (command, act) => {
  command.action(
    act(async () => {
      throw new CliError('UNSUPPORTED', `an agent of its own cannot be run yet: ${NEEDED}`, INSTEAD);
    }),
  );
};
