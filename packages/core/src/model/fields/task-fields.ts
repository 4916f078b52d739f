import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const TASK_FIELDS: FieldTable = Object.freeze({
  kind: ["'task'", 'Always `task`.'],
  meta: ['object', 'Name, namespace and other data that every object has.'],
  spec: ['object', 'What is wanted of the task.'],
  'spec.service': ['string', 'Id of its service.'],
  'spec.serviceUid': ['string', 'The `meta.uid` of its service.'],
  'spec.template': ['string', 'Hash of its template.'],
  'spec.slot': [
    'string',
    "The replica it is an attempt at: a number from 1, or the node's name for a global service.",
  ],
  'spec.attempt': ['number', 'Counts the tasks of a slot, from 1.'],
  'spec.restarts': [
    'number',
    'Restarts in a row that led to this one; the back-off and `maxAttempts` count these.',
  ],
  'spec.restartedAt': ['number', "The value of the service's `restartedAt` when it was made."],
  'spec.node': ['string', 'Name of its node; absent until the scheduler has placed it. Never changes.'],
  'spec.desired': ["'prepared' | 'running' | 'shutdown'", 'What the control plane wants of it.'],
  status: ['object', 'The task as its agent reports it.'],
  'status.state': [
    "'assigned' | 'complete' | 'failed' | 'orphaned' | 'pending' | 'preparing' | 'rejected' | 'running' | 'shutdown' | 'starting' | 'stopping'",
    'State of the task; it only moves forward.',
  ],
  'status.since': ['number', 'When it entered this state, ms since the epoch.'],
  'status.ready': ['boolean', 'May get traffic: it runs and its readiness check, if it has one, succeeds.'],
  'status.reason': [
    'string',
    'What keeps it from being ready, or how it ended, for programs: one of TaskReason, or the code of a filter or an error.',
  ],
  'status.message': [
    'string',
    'The reason as text, with the image, address, exit code or last line of output that a user needs.',
  ],
  'status.retryAt': [
    'number',
    'When it is tried again, ms since the epoch: the next attempt of what `reason` names, or, on a task that has ended, the next task in its slot. Absent while nothing is being waited for.',
  ],
  'status.startedAt': ['number', 'When its container or process was started, ms since the epoch.'],
  'status.runningAt': [
    'number',
    'When it became `running`, its startup check, if it has one, having succeeded; updates watch it from then on.',
  ],
  'status.finishedAt': ['number', 'When it ended, ms since the epoch.'],
  'status.exitCode': ['number', 'Exit code; 128 + n when signal n ended it. Absent while it runs.'],
  'status.signal': [
    'string',
    'Name of the signal that ended it, such as `SIGKILL`, where the runtime knows it.',
  ],
  'status.runtimeId': ['string', 'Container or process id.'],
  'status.pid': ['number', 'Process id on the host, where the runtime reports it.'],
  'status.ports': ['object[]', 'Where its ports are reached.'],
  'status.ports[].target': ['number', 'The port of the template.'],
  'status.ports[].protocol': ["'tcp' | 'udp'", 'Transport protocol.'],
  'status.ports[].address': ['string', 'IP address or host name.'],
  'status.ports[].port': ['number', 'Port there, 1 to 65535.'],
  'status.addresses': ['map', 'Addresses by network.'],
});
