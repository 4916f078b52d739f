import { listener } from '../support/listener.ts';
import {
  type Cause,
  type Row,
  RUNTIMES,
  type RuntimeName,
  type TemplatePart,
  WHEN,
  type When,
} from '../support/row.ts';

const idle: TemplatePart = { command: ['sleep', '1000'] };

/** A port that a program beside the cluster listens on; another one in each run, for several run at the same time. */
const taken =
  (runtime: RuntimeName, mode: 'ingress' | 'host') =>
  (when: When): Cause => {
    const index = (RUNTIMES.indexOf(runtime) * 2 + WHEN.indexOf(when)) * 2 + Number(mode === 'host');
    const published = 18_940 + index;
    return {
      template: { ...idle, ports: [{ target: 80, published, mode }] },
      prepare: () => listener(published, mode === 'host' ? '0.0.0.0' : '127.0.0.1'),
    };
  };

/** Workloads whose port is not free. */
export const PORTS: readonly Row[] = [
  {
    name: 'host port taken by another program',
    spec: { replicas: 2 },
    on: { docker: taken('docker', 'host') },
    deploy: {
      exit: 1,
      reason: 'PortTaken',
      task: 'PortTaken',
      message: /rejected \d times in a row: .*(address already in use|is taken by)/,
      event: 'Rejected',
      serving: {},
    },
    update: {
      exit: 1,
      reason: 'UpdatePaused',
      task: 'PortTaken',
      message: /1 of (2 new tasks|1 new task) failed: .*(address already in use|is taken by)/,
      event: 'UpdatePaused',
      // An update that publishes a port of the host is stop-first.
      serving: { old: 1 },
    },
  },
  {
    name: 'published port taken by another program',
    overdue: true,
    spec: { replicas: 2 },
    on: { process: taken('process', 'ingress'), docker: taken('docker', 'ingress') },
    deploy: {
      exit: 1,
      reason: 'ProgressDeadlineExceeded',
      message: /no progress for \d+ s: 2 of 2 tasks are ready; port \d+: .* the port is taken/,
      event: 'PortUnavailable',
      serving: { new: 2 },
    },
    update: {
      exit: 1,
      reason: 'ProgressDeadlineExceeded',
      message: /no progress for \d+ s: 2 of 2 tasks are ready; port \d+: .* the port is taken/,
      event: 'PortUnavailable',
      serving: { new: 2 },
    },
  },
];
