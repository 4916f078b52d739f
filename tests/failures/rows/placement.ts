import type { Bed } from '../support/bed.ts';
import { beside } from '../support/beside.ts';
import {
  type Cause,
  type Expected,
  life,
  type Row,
  RUNTIMES,
  type RuntimeName,
  type SpecPart,
  shell,
  type TemplatePart,
  WHEN,
  type When,
} from '../support/row.ts';

const idle: TemplatePart = { command: ['sleep', '1000'] };
/** The same on every runtime. */
const anywhere = (template: TemplatePart, more: Cause = {}): Row['on'] => {
  const real: Cause = { ...more, template: { ...idle, ...template } };
  return { fake: { ...more, template }, process: real, docker: real };
};
const overdue = (
  reason: string,
  task: string | undefined,
  message: RegExp,
  serving: Expected['serving'] = {},
): Expected => ({
  exit: 1,
  reason,
  ...(task !== undefined && { task }),
  message,
  event: reason,
  serving,
});
/** Tasks that fit nowhere. */
const pending = (task: string, message: RegExp): Pick<Row, 'deploy' | 'update' | 'overdue'> => ({
  overdue: true,
  deploy: overdue('ProgressDeadlineExceeded', task, message),
  update: overdue('UpdatePaused', task, message, { old: 2 }),
});
/** What `apply` rejects is not stored, and what runs keeps running. */
const invalid = (message: RegExp): Pick<Row, 'deploy' | 'update'> => ({
  deploy: { exit: 1, reason: undefined, message, serving: {} },
  update: { exit: 1, reason: 'Ready', message, serving: { old: 2 } },
});

/** A host port that another service has; another one in each run, for several run at the same time on one host. */
const hostPort =
  (runtime: RuntimeName, own: TemplatePart) =>
  (when: When): Cause => {
    const published = 18_930 + RUNTIMES.indexOf(runtime) * 2 + WHEN.indexOf(when);
    const ports = [{ target: 80, published, mode: 'host' } as const];
    return { template: { ...own, ports }, prepare: (bed) => beside(bed, 'has-the-port', { ports }) };
  };

/** Taints every node. */
async function tainted(bed: Bed): Promise<undefined> {
  for (const { meta } of (await bed.api.list('node')).items) {
    const { code, err } = await bed.run(['taint', meta.name, 'dedicated=db:NoSchedule']);
    if (code !== 0) throw new Error(err);
  }
  return undefined;
}

/** Workloads that find no place, or that wait for something else. */
export const PLACEMENT: readonly Row[] = [
  {
    name: 'no room: CPU',
    on: anywhere({ resources: { requests: { cpu: 1_000_000 } } }),
    ...pending('InsufficientCpu', /0 of 3 nodes fit: 3 have too little cpu/i),
  },
  {
    name: 'no room: memory',
    on: anywhere({ resources: { requests: { memory: '64Ti' } } }),
    ...pending('InsufficientMemory', /0 of 3 nodes fit: 3 have too little memory/),
  },
  {
    name: 'constraint unmet',
    on: anywhere({}),
    spec: { placement: { constraints: ['node.labels.disk == ssd'] } },
    ...pending('ConstraintMismatch', /0 of 3 nodes fit: .*node.labels.disk == ssd/),
  },
  {
    name: 'taint not tolerated',
    alone: 2,
    on: anywhere({}, { prepare: tainted }),
    ...pending('TaintNotTolerated', /0 of 2 nodes fit: 2 have .*taint/),
  },
  {
    name: 'too many per node, start-first',
    spec: {
      replicas: 2,
      placement: { maxReplicasPerNode: 1, constraints: ['node.name != node-3'] },
      update: { order: 'start-first', monitorMs: 2000 },
    },
    on: anywhere({}),
    update: {
      exit: 0,
      reason: 'Ready',
      message: /is up to date: 2 of 2 tasks are ready/,
      event: 'UpdateCompleted',
      serving: { new: 2 },
    },
  },
  {
    name: 'too many per node',
    overdue: true,
    spec: { replicas: 4, placement: { maxReplicasPerNode: 1 } },
    on: anywhere({}),
    deploy: overdue('ProgressDeadlineExceeded', 'MaxReplicasPerNode', /0 of 3 nodes fit/, { new: 3 }),
  },
  {
    name: 'host port taken by another service',
    alone: 1,
    on: {
      fake: hostPort('fake', {}),
      process: hostPort('process', idle),
      docker: hostPort('docker', idle),
    },
    ...pending('HostPortInUse', /0 of 1 node fits: 1 has a host port in use/),
  },
  {
    name: 'unknown scheduler',
    on: anywhere({}),
    spec: { scheduler: 'tetris' },
    ...invalid(/spec.scheduler: scheduler "tetris" not found/),
  },
  {
    name: 'unsupported field',
    on: {
      process: { template: { ...idle, mounts: [{ type: 'bind', source: '/tmp', target: '/data' }] } },
      docker: { template: { ...idle, image: undefined } },
    },
    ...invalid(/no node has the feature "(mounts.bind|commands)"/),
  },
  {
    name: 'UDP published',
    on: {
      process: { template: { ...idle, ports: [{ target: 53, published: 0, protocol: 'udp' }] } },
      docker: { template: { ports: [{ target: 53, published: 0, protocol: 'udp' }] } },
    },
    ...invalid(/spec.template.ports\[0\].protocol: the load balancer does not forward udp/),
  },
];

const waits = (
  template: Readonly<{ fake: TemplatePart; real: TemplatePart }>,
  spec: SpecPart,
  name: string,
): Row['on'] => {
  const cause = (own: TemplatePart, part: TemplatePart): Cause => ({
    template: own,
    prepare: (bed) => beside(bed, name, part, spec),
  });
  return {
    fake: cause({}, template.fake),
    process: cause(idle, template.real),
    docker: cause(idle, template.real),
  };
};
const failed = (message: RegExp): Expected => ({
  exit: 1,
  reason: 'DependencyFailed',
  message,
  event: 'DependencyFailed',
  serving: {},
});

/** Workloads that wait for another service. */
export const DEPENDENCIES: readonly Row[] = [
  {
    name: 'dependency failed',
    on: waits(
      { fake: life({ 'exit-after-ms': '10', 'exit-code': '7' }), real: shell('exit 7') },
      { restart: { condition: 'none' } },
      'migration',
    ),
    spec: { dependsOn: [{ service: 'migration', condition: 'completed' }] },
    deploy: failed(/service migration cannot become completed: .*exit code 7/),
  },
  {
    name: 'dependency cannot start',
    on: waits(
      {
        fake: life({
          'fail-first': '99',
          'fail-reason': 'CommandNotFound',
          'fail-message': 'cannot run "/no/db"',
        }),
        real: { command: ['/no/db'] },
      },
      { restart: { delayMs: 50 } },
      'database',
    ),
    spec: { dependsOn: [{ service: 'database', condition: 'healthy' }] },
    deploy: failed(/service database cannot become healthy: .*rejected \d times in a row: .*"\/no\/db"/),
  },
  {
    name: 'dependency with 0 replicas',
    on: waits({ fake: {}, real: idle }, { replicas: 0 }, 'off'),
    spec: { dependsOn: [{ service: 'off', condition: 'started' }] },
    deploy: failed(/service off cannot become started: it has 0 replicas/),
  },
];
