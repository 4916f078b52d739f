import type { HealthCheck, TemplateInput } from '@gantry/core/model';
import { type Cause, type Expected, life, type Row, shell, type TemplatePart } from '../support/row.ts';

type Checks = NonNullable<TemplateInput['healthChecks']>;
type Kind = 'startup' | 'readiness' | 'liveness';

const QUICK = { intervalMs: 100, timeoutMs: 5000, retries: 3 };
const idle: TemplatePart = { command: ['sleep', '1000'] };
const checked = (
  kind: Kind,
  probe: Pick<HealthCheck, 'exec' | 'http' | 'tcp'>,
  more: object = {},
): { healthChecks: Checks } => ({
  healthChecks: { [kind]: { ...probe, ...QUICK, ...more } },
});
/** Between two checks in a container, where each of them costs the machine as much as a start. */
const APART = { intervalMs: 1000 };
/** A task with an `exec` check on each runtime; on the fake one its life decides, and the check says its command. */
const exec = (
  kind: Kind,
  stages: Record<string, string>,
  script: string,
  workload: TemplatePart = idle,
  more: object = {},
): Row['on'] => {
  const real = (own: object) => ({
    template: { ...workload, ...checked(kind, { exec: { command: ['sh', '-c', script] } }, own) },
  });
  const said = /echo ([a-z ]+)/.exec(script)?.[1] ?? 'check';
  const fake = {
    template: { ...life(stages), ...checked(kind, { exec: { command: said.trim().split(' ') } }, more) },
  };
  return { fake, process: real(more), docker: real({ ...APART, ...more }) };
};
/** A web server that answers with a status, or never. */
function server(status: number | undefined, kind: Kind, more: object): Row['on'] {
  const answer = status === undefined ? '' : `a.statusCode=${status};a.end()`;
  const script = `require('http').createServer((q,a)=>{${answer}}).listen(process.env.PORT||8080,process.env.HOST||'0.0.0.0')`;
  const template = {
    command: ['node', '-e', script],
    ports: [{ target: 8080 }],
    ...checked(kind, { http: { port: 8080, path: '/up' } }, more),
  };
  return { process: { template }, docker: { template: { ...template, image: 'gantry-test/node:1' } } };
}
const refused: Cause = {
  template: { ...idle, ports: [{ target: 8080 }], ...checked('startup', { tcp: { port: 8080 } }) },
};

/** Checks that never succeed and are repeated until the deadline. */
const never = (task: string, message: string): Pick<Row, 'deploy' | 'update' | 'overdue'> => ({
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
/** Checks that fail for good: the task is stopped and replaced. */
const unhealthy = (message: RegExp): Pick<Row, 'deploy' | 'update'> => ({
  deploy: { exit: 1, reason: 'CrashLoop', task: 'CrashLoop', message, event: 'Unhealthy', serving: {} },
  update: {
    exit: 1,
    reason: 'UpdatePaused',
    task: 'Unhealthy',
    message,
    event: 'Unhealthy',
    serving: { old: 2 },
  },
});
const ready: Expected = {
  exit: 0,
  reason: 'Ready',
  message: /is up to date: 2 of 2 tasks are ready/,
  event: 'ProbeFailed',
  serving: { new: 2 },
};

/** Workloads that run and are not well. */
export const CHECKS: readonly Row[] = [
  {
    name: 'startup check refused',
    on: { process: refused, docker: refused },
    ...unhealthy(/startup check: .*(refused|ECONNREFUSED)/),
  },
  {
    name: 'startup check gets a wrong status',
    on: server(503, 'startup', { retries: 30 }),
    ...unhealthy(/startup check: .*503/),
  },
  {
    name: 'startup check is never answered',
    on: server(undefined, 'startup', { timeoutMs: 300, startPeriodMs: 2000 }),
    ...unhealthy(/startup check: .*300 ms/),
  },
  {
    name: 'startup check hangs',
    on: exec('startup', { 'exec-hangs': 'true' }, 'sleep 1000', idle, { timeoutMs: 1000 }),
    ...unhealthy(/startup check: .*1000 ms/),
  },
  {
    name: 'startup check fails with output',
    on: exec('startup', { 'ready-after-ms': '600000' }, 'echo not migrated; exit 1'),
    ...unhealthy(/startup check: .*exited with 1: not migrated/),
  },
  {
    name: 'never ready',
    on: exec('readiness', { 'ready-after-ms': '600000' }, 'echo warming up; exit 1', idle, {
      intervalMs: 2000,
    }),
    ...never('ReadinessProbeFailed', 'readiness check: .*exited with 1: warming up'),
  },
  {
    name: 'slow to ready',
    on: exec(
      'readiness',
      { 'ready-after-ms': '3000' },
      'test -e up',
      shell('sleep 3; touch up; exec sleep 1000'),
    ),
    deploy: ready,
    update: ready,
  },
  {
    name: 'liveness fails later',
    on: exec(
      'liveness',
      { 'sick-after-ms': '1000' },
      'test -e down && echo stuck && exit 1; exit 0',
      shell('sleep 1; touch down; exec sleep 1000'),
    ),
    ...unhealthy(/liveness check: .*exited with 1: stuck/),
  },
  {
    name: "image's health check fails",
    on: {
      fake: { template: life({ 'unhealthy-after-ms': '500', 'health-message': 'exit code 1: no answer' }) },
      docker: { template: { image: 'gantry-test/unhealthy:1' } },
    },
    ...unhealthy(/health check of the image: .*no answer/),
  },
];
