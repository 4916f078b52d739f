import { life, type Row } from '../support/row.ts';

/** Starts that fail for good: every attempt is rejected. */
const rejected = (reason: string, message: RegExp): Pick<Row, 'deploy' | 'update'> => ({
  deploy: { exit: 1, reason, task: reason, message, event: 'Rejected', serving: {} },
  update: {
    exit: 1,
    reason: 'UpdatePaused',
    task: reason,
    message,
    event: 'UpdatePaused',
    serving: { old: 2 },
  },
});
/** Tasks that make no progress until the deadline. */
const overdue = (task: string, message: string): Pick<Row, 'deploy' | 'update' | 'overdue'> => ({
  overdue: true,
  deploy: {
    exit: 1,
    reason: 'ProgressDeadlineExceeded',
    task,
    message: new RegExp(`no progress for \\d+ s: .*${message}`),
    event: 'ProgressDeadlineExceeded',
    serving: {},
  },
  update: {
    exit: 1,
    reason: 'UpdatePaused',
    task,
    message: new RegExp(`update is paused: no progress for \\d+ s: .*${message}`),
    event: 'UpdatePaused',
    serving: { old: 2 },
  },
});
const failing = (reason: string, message: string) => ({
  template: life({ 'fail-first': '99', 'fail-reason': reason, 'fail-message': message }),
});

/** Images that cannot be pulled, and commands that cannot be started. */
export const IMAGES: readonly Row[] = [
  {
    name: 'image missing',
    on: {
      fake: { template: { image: 'missing:1', ...life({ pull: 'missing' }) } },
      docker: { template: { image: 'REGISTRY/missing:1' } },
    },
    ...rejected('ImageNotFound', /cannot pull ".*missing:1" from registry ".+": /),
  },
  {
    name: 'image missing, never pulled',
    on: { docker: { template: { image: 'missing.example/missing:1', pullPolicy: 'never' } } },
    ...rejected('ImageNotFound', /missing.example\/missing:1/),
  },
  {
    name: 'registry unreachable',
    on: {
      fake: { template: { image: 'far:1', ...life({ pull: 'unreachable' }) } },
      docker: { template: { image: '127.0.0.1:1/far:1' } },
    },
    ...overdue('ImagePullFailed', 'cannot pull ".*far:1" from registry ".+": .*connection refused'),
  },
  {
    name: 'pull never ends',
    on: {
      fake: { template: { image: 'large:1', ...life({ pull: 'hang', 'pull-ms': '1000' }) } },
      docker: { template: { image: 'REGISTRY/slow:1' } },
    },
    ...overdue('PullingImage', 'pulling .*(large|slow):1'),
  },
  {
    name: 'registry unauthorised',
    on: {
      fake: { template: { image: 'private:1', ...life({ pull: 'unauthorized' }) } },
      docker: { template: { image: 'REGISTRY/private:1' } },
    },
    ...rejected('ImageUnauthorized', /cannot pull ".*private:1" from registry ".+": /),
  },
  {
    name: 'wrong architecture',
    on: {
      fake: { template: { image: 'arm:1', ...life({ pull: 'platform' }) } },
      docker: { template: { image: 'REGISTRY/arm:1' } },
    },
    ...rejected('ImagePlatform', /cannot pull ".*arm:1" from registry ".+": /),
  },
  {
    name: 'command missing',
    on: {
      fake: failing('CommandNotFound', 'cannot run "/no/such/command"'),
      process: { template: { command: ['/no/such/command'] } },
      docker: { template: { command: ['/no/such/command'] } },
    },
    ...rejected('CommandNotFound', /"\/no\/such\/command"/),
  },
  {
    name: 'command not executable',
    on: {
      fake: failing('CommandNotExecutable', 'cannot run "/etc/passwd"'),
      process: { template: { command: ['/etc/passwd'] } },
      docker: { template: { command: ['/etc/passwd'] } },
    },
    ...rejected('CommandNotExecutable', /"\/etc\/passwd"/),
  },
  {
    name: 'working directory missing',
    on: {
      fake: failing('WorkingDirNotFound', 'directory "/no/such/directory" not found'),
      process: { template: { command: ['sleep', '1000'], workingDir: '/no/such/directory' } },
    },
    ...rejected('WorkingDirNotFound', /\/no\/such\/directory/),
  },
  {
    name: 'user unknown',
    on: {
      fake: failing('UserUnknown', 'user "nemo" not found'),
      process: { template: { command: ['sleep', '1000'], user: 'nemo' } },
      docker: { template: { user: 'nemo' } },
    },
    ...rejected('UserUnknown', /user "?nemo"?/),
  },
  {
    name: 'bind missing',
    on: {
      fake: failing('MountInvalid', 'bind source path does not exist: /no/such/source'),
      docker: { template: { mounts: [{ type: 'bind', source: '/no/such/source', target: '/data' }] } },
    },
    ...rejected('MountInvalid', /\/no\/such\/source/),
  },
  {
    name: 'rejected by the node',
    on: {
      fake: {
        template: life({ 'fail-first': '99', 'fail-with': 'CONFLICT', 'fail-message': 'is in the way' }),
      },
    },
    ...rejected('CONFLICT', /is in the way/),
  },
  {
    name: 'rejected by the engine',
    on: { docker: { template: { stopSignal: 'SIGNOSUCH' } } },
    ...rejected('INVALID_OBJECT', /SIGNOSUCH/),
  },
];
