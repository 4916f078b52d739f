import { type Expected, life, type Row, shell } from '../support/row.ts';

const crashLoop = (message: RegExp): Expected => ({
  exit: 1,
  reason: 'CrashLoop',
  task: 'CrashLoop',
  message,
  event: 'CrashLoop',
  serving: {},
});
const gaveUp = (message: RegExp): Expected => ({
  exit: 1,
  reason: 'GaveUp',
  task: 'Exited',
  message,
  event: 'Exited',
  serving: {},
});
const paused = (task: string, message: RegExp): Expected => ({
  exit: 1,
  reason: 'UpdatePaused',
  task,
  message,
  event: 'UpdatePaused',
  serving: { old: 2 },
});
const done = (event: string, replicas = 2): Expected => ({
  exit: 0,
  reason: 'Ready',
  message: new RegExp(`is up to date: ${replicas} of ${replicas} tasks are ready`),
  event,
  serving: { new: replicas },
});
const completed = (event: string): Expected => ({
  exit: 0,
  reason: 'Completed',
  task: 'Completed',
  message: /is up to date: 2 of 2 tasks have completed/,
  event,
  serving: {},
});
/** Ends at once, on every runtime. */
const exits = (code: number, says = ''): Row['on'] => {
  const script = `${says === '' ? '' : `echo ${says} >&2; `}exit ${code}`;
  const staged = life({
    'exit-after-ms': '10',
    'exit-code': String(code),
    ...(says !== '' && { 'print-at-end': says }),
  });
  return {
    fake: { template: staged },
    process: { template: shell(script) },
    docker: { template: shell(script) },
  };
};
const eater = { ...shell('tail /dev/zero'), resources: { limits: { memory: '16Mi' } } };
const stubborn = shell('trap "" TERM; while :; do sleep 0.1; done');
const sleeper = { command: ['sleep', '1000'] };

/** Workloads that end on their own, and some that do not end on request. */
export const EXITS: readonly Row[] = [
  {
    name: 'immediate exit',
    on: exits(3, 'no database'),
    deploy: crashLoop(/failed \d times in a row: exit code 3; last output: "no database"/),
    update: paused(
      'Exited',
      /1 of (2 new tasks|1 new task) failed: .*exit code 3; last output: "no database"/,
    ),
  },
  {
    name: 'exit after 2 s',
    on: {
      fake: { template: life({ 'exit-after-ms': '2000', 'exit-code': '4' }) },
      process: { template: shell('sleep 2; exit 4') },
      docker: { template: shell('sleep 2; exit 4') },
    },
    deploy: crashLoop(/failed \d times in a row: exit code 4/),
    update: paused('Exited', /1 of (2 new tasks|1 new task) failed: .*exit code 4/),
  },
  {
    name: 'exit 0 of a service that should keep running',
    on: exits(0),
    deploy: crashLoop(/ended \d times in a row: exit code 0/),
    update: paused('Completed', /1 of (2 new tasks|1 new task) failed: .*exit code 0/),
  },
  {
    name: 'killed by a signal',
    on: {
      fake: { template: life({ 'exit-after-ms': '10', 'exit-signal': 'SIGSEGV' }) },
      process: { template: shell('kill -SEGV $$') },
      // Process 1 of a container ignores signals that it does not handle.
      docker: { template: { ...shell('kill -SEGV $$'), init: true } },
    },
    deploy: crashLoop(/failed \d times in a row: killed by SIGSEGV \(exit code 139\)/),
    update: paused('Exited', /1 of (2 new tasks|1 new task) failed: .*killed by SIGSEGV \(exit code 139\)/),
  },
  {
    name: 'out of memory',
    on: {
      fake: { template: life({ 'exit-after-ms': '10', oom: 'true' }) },
      process: { template: eater },
      docker: { template: eater },
    },
    deploy: crashLoop(/failed \d times in a row: out of memory: (killed by SIGKILL|exit code 137)/),
    update: paused(
      'OutOfMemory',
      /1 of (2 new tasks|1 new task) failed: .*out of memory: (killed by SIGKILL|exit code 137)/,
    ),
  },
  {
    name: 'crash on one node only',
    spec: { replicas: 3, update: { monitorMs: 2000, maxFailureRatio: 1 } },
    on: {
      fake: { template: life({ 'exit-after-ms': '10', 'exit-code': '5', 'bad-nodes': 'node-1' }) },
      process: { template: shell('case "$PWD" in *node-1*) exit 5;; esac; exec sleep 1000') },
      docker: {
        template: shell('[ "$NODE" = node-1 ] && exit 5; exec sleep 1000'),
        // A busy engine may report an end late.
        spec: { update: { monitorMs: 10_000, maxFailureRatio: 1 } },
      },
    },
    deploy: done('Exited', 3),
    update: done('UpdateCompleted', 3),
  },
  {
    name: 'program of another architecture',
    on: { docker: { template: { image: 'gantry-test/foreign:1', command: ['/app'] } } },
    deploy: crashLoop(/failed \d times in a row: .*exec format error/),
    update: paused('Exited', /1 of (2 new tasks|1 new task) failed: .*exec format error/),
  },
  {
    name: 'restarts used up',
    spec: { restart: { delayMs: 50, maxAttempts: 1 } },
    on: exits(6),
    deploy: gaveUp(/exit code 6.*; not restarted: it was restarted once/),
    update: paused('Exited', /1 of (2 new tasks|1 new task) failed: .*exit code 6/),
  },
  {
    name: 'job failed',
    spec: { restart: { condition: 'none' } },
    on: exits(1, 'broken'),
    deploy: gaveUp(/exit code 1; last output: "broken"; not restarted: its restart condition is none/),
    update: paused('Exited', /1 of (2 new tasks|1 new task) failed: .*exit code 1; last output: "broken"/),
  },
  {
    name: 'job succeeded',
    spec: { restart: { condition: 'none' } },
    on: exits(0),
    deploy: completed('Completed'),
    update: completed('UpdateCompleted'),
  },
  {
    name: 'stop signal ignored',
    on: {
      fake: { before: life({ 'ignore-stop': 'true' }) },
      process: { before: stubborn, template: sleeper },
      docker: { before: stubborn, template: sleeper },
    },
    update: done('Killed'),
  },
];
