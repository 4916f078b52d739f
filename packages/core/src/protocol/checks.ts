import type { Backend, BalancePolicy, Frontend, FrontendStatus } from '../contracts/load-balancer.ts';
import { GantryError, type Issue } from '../errors.ts';
import type { AgentIdentity } from '../model/node.ts';
import type { PortAddress } from '../model/port-address.ts';
import type { TaskStatus } from '../model/task.ts';
import { type DesiredState, TASK_STATES, type TaskState } from '../model/task-state.ts';
import type { Protocol } from '../model/template.ts';
import type {
  AgentRequest,
  Assignment,
  EjectionReport,
  HeartbeatReply,
  HeartbeatRequest,
  IngressReply,
  IngressRequest,
  PullReply,
  PullRequest,
  RegisterReply,
  RegisterRequest,
  ReportReply,
  ReportRequest,
  ServerMessage,
  StatsReply,
  StreamOpened,
  StreamRead,
  StreamWritten,
  TaskEvent,
} from './messages.ts';
import {
  type Check,
  flag,
  listOf,
  matching,
  oneOf,
  optional,
  recordOf,
  shape,
  text,
  whole,
} from './shape-check.ts';

const name = text(512);
const word = text(4096);
/** A sentence for people, with a last line of output or an engine's message in it. */
const sentence = text(64 * 1024, { nul: true });
const moment = whole(-8.64e15, 8.64e15, { fractions: true });
const revision = whole(0, Number.MAX_SAFE_INTEGER);
const port = whole(0, 65_535);
const session = matching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'the id of a session');
const dnsName = matching(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'a DNS label');
const labelKey = matching(
  /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
  'a label key',
);
const fact = matching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,252}$/, 'the name of an attribute');
const resource = matching(/^[a-z0-9](?:[a-z0-9./-]{0,61}[a-z0-9])?$/, 'the name of a resource');
const anyObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : { path: '', message: 'expected an object' };
const protocol = oneOf<Protocol>({ tcp: true, udp: true });

const STATES = Object.fromEntries(TASK_STATES.map((state) => [state, true])) as {
  readonly [K in TaskState]: true;
};

const statusFields: { readonly [K in keyof Required<TaskStatus>]: Check } = {
  state: oneOf<TaskState>(STATES),
  since: moment,
  ready: flag,
  reason: optional(word),
  message: optional(sentence),
  retryAt: optional(moment),
  startedAt: optional(moment),
  runningAt: optional(moment),
  finishedAt: optional(moment),
  exitCode: optional(whole(-(2 ** 31), 2 ** 32)),
  signal: optional(name),
  runtimeId: optional(name),
  pid: optional(whole(0, 2 ** 32)),
  ports: optional(listOf(shape<PortAddress>({ target: port, protocol, address: name, port }), 4096)),
  addresses: optional(recordOf(name, name, 4096)),
};

const status = shape<TaskStatus>(statusFields);

/** A reported status without the fields that only later versions know: these were not checked. */
export function knownStatus(reported: TaskStatus): TaskStatus {
  for (const key in reported) {
    if (Object.hasOwn(statusFields, key)) continue;
    const known = Object.entries(reported).filter(([each]) => Object.hasOwn(statusFields, each));
    return Object.fromEntries(known) as unknown as TaskStatus;
  }
  return reported;
}

const taskEvent = shape<TaskEvent>({
  task: name,
  type: oneOf<TaskEvent['type']>({ normal: true, warning: true }),
  reason: matching(/^[A-Z][A-Za-z0-9]{0,99}$/, 'a reason such as ProbeFailed'),
  message: sentence,
  count: whole(1, Number.MAX_SAFE_INTEGER),
});

const assignment = shape<Assignment>({
  name,
  service: name,
  slot: name,
  template: name,
  desired: oneOf<DesiredState>({ prepared: true, running: true, shutdown: true }),
  drained: flag,
  status,
});

const frontendStatus = shape<FrontendStatus>({
  id: name,
  address: name,
  port,
  error: optional(shape<NonNullable<FrontendStatus['error']>>({ code: name, message: sentence })),
});

const ejectionReport = shape<EjectionReport>({
  frontend: name,
  backend: name,
  ejections: whole(0, Number.MAX_SAFE_INTEGER),
  reason: sentence,
  restored: flag,
});

const frontend = shape<Frontend>({
  id: name,
  service: name,
  protocol,
  address: name,
  port,
  policy: oneOf<BalancePolicy>({ 'round-robin': true, 'least-connections': true, 'random-two': true }),
  loadBalancer: optional(name),
  appProtocol: optional(name),
  backends: listOf(
    shape<Backend>({
      id: name,
      address: name,
      port,
      state: oneOf<Backend['state']>({ ready: true, draining: true }),
    }),
    1_000_000,
  ),
});

const server = matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'the name of a server');

const stream = matching(/^[A-Za-z0-9_-]{1,64}$/, 'the id of a stream');

type Op<K extends AgentRequest['op']> = Extract<AgentRequest, { readonly op: K }>;

const OPS: { readonly [K in AgentRequest['op']]: Check } = {
  logs: shape<Op<'logs'>>({
    op: word,
    task: name,
    follow: flag,
    tail: optional(revision),
    since: optional(moment),
  }),
  exec: shape<Op<'exec'>>({
    op: word,
    task: name,
    command: listOf(text(128 * 1024), 4096),
    env: optional(recordOf(word, text(128 * 1024), 4096)),
    user: optional(text(256)),
    workingDir: optional(text(4096)),
    tty: optional(flag),
  }),
  read: shape<Op<'read'>>({ op: word, stream }),
  write: shape<Op<'write'>>({ op: word, stream, data: text(16 * 1024 * 1024), end: flag }),
  resize: shape<Op<'resize'>>({ op: word, stream, columns: whole(1, 65_535), rows: whole(1, 65_535) }),
  close: shape<Op<'close'>>({ op: word, stream }),
  dial: shape<Op<'dial'>>({ op: word, task: name, port: whole(1, 65_535) }),
  stats: shape<Op<'stats'>>({ op: word }),
  yield: shape<Op<'yield'>>({ op: word, runtime: optional(text(4096)) }),
};

const agentRequest: Check = (value) => {
  const { op } = (value ?? {}) as { op?: unknown };
  if (typeof op !== 'string' || !Object.hasOwn(OPS, op)) {
    return { path: 'op', message: `expected one of ${Object.keys(OPS).join(', ')}` };
  }
  return OPS[op as AgentRequest['op']](value);
};

/** Makes the parser of a message: returns it, or throws `INVALID_OBJECT` with the first problem. */
function parser<T>(what: string, check: Check): (payload: unknown) => T {
  return (payload) => {
    const problem = check(payload);
    if (problem === undefined) return payload as T;
    throw invalidMessage(what, problem);
  };
}

function invalidMessage(what: string, problem: Issue): GantryError {
  const { path, message } = problem;
  return new GantryError('INVALID_OBJECT', `${what}: ${path === '' ? message : `${path}: ${message}`}`, {
    issues: [problem],
  });
}

/** @throws `INVALID_OBJECT` if the sender that a subject names cannot be a node or a machine. */
export function checkSender(sender: string): string {
  const problem = dnsName(sender);
  if (problem === undefined) return sender;
  throw invalidMessage('sender', problem);
}

/**
 * Parsers of the messages on the bus. Each takes a payload as received, and returns it if it is valid; unknown fields are
 * left to later versions.
 *
 * @throws `INVALID_OBJECT` with the path and the reason of the first problem.
 */
export const messages = Object.freeze({
  /** Checks a {@link RegisterRequest}. */
  register: parser<RegisterRequest>(
    'register',
    shape<RegisterRequest>({
      session,
      labels: recordOf(labelKey, text(253), 1024),
      capacity: recordOf(resource, whole(0, 2 ** 53), 1024),
      attributes: recordOf(fact, word, 1024),
      features: optional(
        listOf(matching(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'the name of a feature'), 1024),
      ),
      agent: optional(
        shape<AgentIdentity>({
          host: text(253),
          pid: whole(0, 2 ** 53),
          place: text(253),
          runtime: optional(text(4096)),
        }),
      ),
      takeOver: optional(flag),
    }),
  ),
  /** Checks a {@link HeartbeatRequest}. */
  heartbeat: parser<HeartbeatRequest>('heartbeat', shape<HeartbeatRequest>({ session })),
  /** Checks a {@link PullRequest}. */
  pull: parser<PullRequest>('pull', shape<PullRequest>({ session, since: revision })),
  /** Checks a {@link ReportRequest}. */
  report: parser<ReportRequest>(
    'report',
    shape<ReportRequest>({
      session,
      statuses: listOf(shape<ReportRequest['statuses'][number]>({ task: name, status }), 1_000_000),
      events: optional(listOf(taskEvent, 10_000)),
    }),
  ),
  /** Checks an {@link IngressRequest}. */
  ingress: parser<IngressRequest>(
    'ingress',
    shape<IngressRequest>({
      session,
      hub: optional(session),
      applied: revision,
      statuses: listOf(frontendStatus, 100_000),
      busy: listOf(name, 1_000_000),
      ejections: optional(listOf(ejectionReport, 10_000)),
    }),
  ),
  /** Checks an {@link AgentRequest}. */
  agent: parser<AgentRequest>('request to an agent', agentRequest),
  /** Checks a {@link RegisterReply}. */
  registerReply: parser<RegisterReply>(
    'reply to register',
    shape<RegisterReply>({ heartbeatMs: whole(1, 86_400_000, { fractions: true }) }),
  ),
  /** Checks a {@link HeartbeatReply}. */
  heartbeatReply: parser<HeartbeatReply>('reply to heartbeat', shape<HeartbeatReply>({ revision })),
  /** Checks a {@link PullReply}. */
  pullReply: parser<PullReply>(
    'reply to pull',
    shape<PullReply>({
      revision,
      full: flag,
      assignments: listOf(assignment, 1_000_000),
      removed: listOf(name, 1_000_000),
      templates: recordOf(name, anyObject, 1_000_000),
      networks: recordOf(name, anyObject, 1_000_000),
    }),
  ),
  /** Checks a {@link ReportReply}. */
  reportReply: parser<ReportReply>(
    'reply to report',
    shape<ReportReply>({ unknown: listOf(name, 1_000_000) }),
  ),
  /** Checks an {@link IngressReply}. */
  ingressReply: parser<IngressReply>(
    'reply to ingress',
    shape<IngressReply>({
      hub: session,
      version: revision,
      changed: recordOf(name, listOf(frontend, 1000), 1_000_000),
      full: flag,
      networks: optional(listOf(name, 1_000_000)),
    }),
  ),
  /** Checks a {@link ServerMessage}. */
  server: parser<ServerMessage>(
    'message of a server',
    shape<ServerMessage>({
      server,
      name: server,
      version: matching(/^[0-9A-Za-z.+-]{1,64}$/, 'a version'),
      startedAt: moment,
      urls: listOf(matching(/^[a-z][a-z+]{0,15}:\P{Cc}{1,480}$/u, 'a URL'), 16),
      leading: optional(
        shape<NonNullable<ServerMessage['leading']>>({ term: optional(revision), since: moment }),
      ),
      gone: optional(flag),
    }),
  ),
  /** Checks a {@link StreamOpened}. */
  streamOpened: parser<StreamOpened>('reply of an agent', shape<StreamOpened>({ stream })),
  /** Checks a {@link StreamRead}; its items are objects of any shape. */
  streamRead: parser<StreamRead>(
    'reply to read',
    shape<StreamRead>({
      items: listOf(anyObject, 1_000_000),
      done: flag,
      exitCode: optional(whole(-(2 ** 31), 2 ** 32)),
    }),
  ),
  /** Checks a {@link StreamWritten}. */
  streamWritten: parser<StreamWritten>('reply to write', shape<StreamWritten>({ accepted: flag })),
  /** Checks a {@link StatsReply}. */
  statsReply: parser<StatsReply>(
    'reply to stats',
    shape<StatsReply>({
      stats: listOf(
        shape<StatsReply['stats'][number]>({
          task: name,
          time: moment,
          cpuMs: whole(0, Number.MAX_VALUE, { fractions: true }),
          memory: whole(0, Number.MAX_VALUE, { fractions: true }),
        }),
        1_000_000,
      ),
    }),
  ),
});
