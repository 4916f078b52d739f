import { listener } from '../support/listener.ts';
import { OCCUPIED } from '../support/occupied.ts';
import {
  type Cause,
  life,
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

/** A port that the replaced version does not have, and another program holds on every node. */
const added =
  (runtime: RuntimeName): (() => Cause) =>
  () => {
    const published = OCCUPIED[runtime];
    return {
      template: { ...(runtime !== 'fake' && idle), ports: [{ target: 80, published, mode: 'host' }] },
      ...(runtime !== 'fake' && { prepare: () => listener(published, '0.0.0.0') }),
    };
  };

/** A port of the only node that the replaced version has as well, so that the new one fits in its place only. */
const inPlace =
  (runtime: RuntimeName, own: TemplatePart) =>
  (when: When): Cause => {
    const published = 18_960 + RUNTIMES.indexOf(runtime) * 2 + WHEN.indexOf(when);
    const ports = [{ target: 80, published, mode: 'host' } as const];
    return { before: { ports }, template: { ...own, ports } };
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
      serving: { old: 2 },
    },
  },
  {
    name: 'host port taken by another program, stop-first',
    spec: { replicas: 2, update: { order: 'stop-first' } },
    on: { fake: added('fake'), process: added('process'), docker: added('docker') },
    update: {
      exit: 1,
      reason: 'UpdatePaused',
      task: 'PortTaken',
      message: /1 of (2 new tasks|1 new task) failed: .*is taken by/,
      event: 'UpdatePaused',
      serving: { old: 2 },
    },
  },
  {
    name: 'host port in both versions, and the image missing',
    alone: 1,
    spec: { replicas: 1 },
    on: {
      fake: inPlace('fake', { image: 'missing:1', ...life({ pull: 'missing' }) }),
      docker: inPlace('docker', { image: 'REGISTRY/missing:1' }),
    },
    update: {
      exit: 1,
      reason: 'UpdatePaused',
      task: 'ImageNotFound',
      message: /cannot pull ".*missing:1" from registry ".+": /,
      event: 'StopFirst',
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
