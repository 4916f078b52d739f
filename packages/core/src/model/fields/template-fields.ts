import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const TEMPLATE_FIELDS: FieldTable = Object.freeze({
  kind: ["'template'", 'Always `template`.'],
  meta: ['object', 'Name and other data that every object has; the name is the hash of the content.'],
  spec: ['object', 'Specification of the workload.'],
  'spec.image': [
    'string',
    'Image reference, such as `nginx:1.27`. Needed unless `command` is given and the runtime runs commands.',
  ],
  'spec.command': ['string[]', "Replaces the image's entrypoint; required without an image."],
  'spec.args': [
    'string[]',
    'Arguments of the command (default: those of the image, unless `command` is given).',
  ],
  'spec.env': ['map', 'Environment variables (default: none).'],
  'spec.workingDir': ['string', 'Directory of the command, an absolute path (default: that of the image).'],
  'spec.user': [
    'string',
    'User of the task, as `user` or `user:group`, by name or number (default: that of the image).',
  ],
  'spec.labels': [
    'map',
    'Labels of the container: free text, for other tools such as a proxy. Not the labels of the task.',
  ],
  'spec.pullPolicy': [
    "'always' | 'missing' | 'never'",
    '`missing`: the registry is contacted only if the image is missing.',
  ],
  'spec.registryAuth': [
    'object',
    "Credentials for the image's registry. The API shows `<redacted>` instead of the password.",
  ],
  'spec.registryAuth.username': ['string', 'Name of the user at the registry.'],
  'spec.registryAuth.password': ['string', 'Password or token.'],
  'spec.resources': ['object', 'Requests and limits of a task.'],
  'spec.resources.requests': [
    'map',
    'Reserved for the task: the scheduler never reserves more than a node has.',
  ],
  'spec.resources.limits': [
    'object',
    'Enforced by the runtime: millicores, bytes, and a number of processes and threads.',
  ],
  'spec.resources.limits.cpu': ['number', 'Maximum CPU time, in millicores (default: unlimited).'],
  'spec.resources.limits.memory': [
    'number',
    'Maximum memory, in bytes; a task that exceeds it is killed (default: unlimited).',
  ],
  'spec.resources.limits.pids': ['number', 'Maximum number of processes and threads (default: unlimited).'],
  'spec.ports': ['object[]', 'Ports of the task; at most 256.'],
  'spec.ports[].name': ['string', 'Name of the port, a DNS label (default: none).'],
  'spec.ports[].target': ['number', 'Port on which the workload listens.'],
  'spec.ports[].published': [
    'number',
    'Port to which clients connect (default: the port is reachable inside the cluster only). 0: any free port.',
  ],
  'spec.ports[].protocol': ["'tcp' | 'udp'", 'Transport protocol (default: `tcp`).'],
  'spec.ports[].mode': [
    "'host' | 'ingress'",
    '`ingress`: through the load balancer; `host`: on the node that runs the task.',
  ],
  'spec.ports[].appProtocol': [
    "'http'",
    'Application protocol of the port. With `http` a kept connection can change its backend between requests.',
  ],
  'spec.networks': [
    'object[]',
    'Networks that the task joins; at most 32. A name alone stands for a network without aliases.',
  ],
  'spec.networks[].name': ['string', 'Name of the network, in the namespace of the service.'],
  'spec.networks[].aliases': ['string[]', 'Further host names of the task on this network; at most 32.'],
  'spec.mounts': ['object[]', 'Files, directories and memory that the task sees; at most 256.'],
  'spec.mounts[].type': ["'bind'", '`bind`: a path of the host; `tmpfs`: memory.'],
  'spec.mounts[].source': ['string', 'Absolute path on the host.'],
  'spec.mounts[].target': ['string', 'Absolute path inside the task.'],
  'spec.mounts[].readOnly': ['boolean', 'Whether the task cannot write to it (default: false).'],
  'spec.mounts[].propagation': [
    "'private' | 'rprivate' | 'rshared' | 'rslave' | 'shared' | 'slave'",
    'Whether mounts made later on the host appear in the task, and the other way round (default: `rprivate`, neither).',
  ],
  'spec.mounts[].size': ['number', 'Maximum size, in bytes (default: chosen by the engine).'],
  'spec.logging': ['object', 'Needs `RuntimeSupport.logging`.'],
  'spec.logging.driver': [
    'string',
    'A log driver of the engine, such as `json-file` (default: as the engine is configured).',
  ],
  'spec.logging.options': ['map', 'Options of the driver, such as `max-size`: free text.'],
  'spec.stopSignal': [
    'string',
    "Signal that asks the task to stop (default: the image's STOPSIGNAL, or else SIGTERM).",
  ],
  'spec.init': [
    'boolean',
    'Run an init process as process 1, which forwards signals and reaps zombies. Needs `RuntimeSupport.init`.',
  ],
  'spec.stopGraceMs': ['number', 'Time between the stop signal and the kill, ms.'],
  'spec.drainMs': ['number', 'How long connections may take to end before the stop signal, ms.'],
  'spec.healthChecks': ['object', 'Checks whether a task has started, may receive traffic, and is healthy.'],
  'spec.healthChecks.startup': [
    'object',
    'Until it succeeds the task is `starting`; if it fails for good, the task has failed.',
  ],
  'spec.healthChecks.startup.exec': ['object', 'Healthy if the command exits with 0.'],
  'spec.healthChecks.startup.exec.command': [
    'string[]',
    'The program and its arguments, run inside the task.',
  ],
  'spec.healthChecks.startup.http': ['object', "Healthy if the answer's status is 200 to 399."],
  'spec.healthChecks.startup.http.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.startup.http.path': ['string', 'Path to request (default: `/`).'],
  'spec.healthChecks.startup.tcp': ['object', 'Healthy if the port accepts a connection.'],
  'spec.healthChecks.startup.tcp.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.startup.intervalMs': [
    'number',
    'Time from one check to the next, ms; at least 10 (default: 1000).',
  ],
  'spec.healthChecks.startup.timeoutMs': [
    'number',
    'Time after which a check counts as failed, ms; at least 1 (default: 1000).',
  ],
  'spec.healthChecks.startup.retries': ['number', 'Number of consecutive failures that count.'],
  'spec.healthChecks.startup.startPeriodMs': [
    'number',
    'Time after the start during which failures do not count, ms.',
  ],
  'spec.healthChecks.readiness': ['object', 'While it fails the task gets no traffic.'],
  'spec.healthChecks.readiness.exec': ['object', 'Healthy if the command exits with 0.'],
  'spec.healthChecks.readiness.exec.command': [
    'string[]',
    'The program and its arguments, run inside the task.',
  ],
  'spec.healthChecks.readiness.http': ['object', "Healthy if the answer's status is 200 to 399."],
  'spec.healthChecks.readiness.http.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.readiness.http.path': ['string', 'Path to request (default: `/`).'],
  'spec.healthChecks.readiness.tcp': ['object', 'Healthy if the port accepts a connection.'],
  'spec.healthChecks.readiness.tcp.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.readiness.intervalMs': [
    'number',
    'Time from one check to the next, ms; at least 10 (default: 1000).',
  ],
  'spec.healthChecks.readiness.timeoutMs': [
    'number',
    'Time after which a check counts as failed, ms; at least 1 (default: 1000).',
  ],
  'spec.healthChecks.readiness.retries': ['number', 'Number of consecutive failures that count.'],
  'spec.healthChecks.readiness.startPeriodMs': [
    'number',
    'Time after the start during which failures do not count, ms.',
  ],
  'spec.healthChecks.liveness': ['object', 'If it fails for good the task is stopped and replaced.'],
  'spec.healthChecks.liveness.exec': ['object', 'Healthy if the command exits with 0.'],
  'spec.healthChecks.liveness.exec.command': [
    'string[]',
    'The program and its arguments, run inside the task.',
  ],
  'spec.healthChecks.liveness.http': ['object', "Healthy if the answer's status is 200 to 399."],
  'spec.healthChecks.liveness.http.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.liveness.http.path': ['string', 'Path to request (default: `/`).'],
  'spec.healthChecks.liveness.tcp': ['object', 'Healthy if the port accepts a connection.'],
  'spec.healthChecks.liveness.tcp.port': ['number', 'Port of the task, 1 to 65535.'],
  'spec.healthChecks.liveness.intervalMs': [
    'number',
    'Time from one check to the next, ms; at least 10 (default: 1000).',
  ],
  'spec.healthChecks.liveness.timeoutMs': [
    'number',
    'Time after which a check counts as failed, ms; at least 1 (default: 1000).',
  ],
  'spec.healthChecks.liveness.retries': ['number', 'Number of consecutive failures that count.'],
  'spec.healthChecks.liveness.startPeriodMs': [
    'number',
    'Time after the start during which failures do not count, ms.',
  ],
  'spec.healthChecks.image': [
    'boolean | object',
    "Whether the image's own HEALTHCHECK counts, and with which changes. It is turned off in the engine if this is false or if one of the other checks is given, so that a workload is never checked twice.",
  ],
  'spec.healthChecks.image.intervalMs': ['number', 'Time from one check to the next, ms; at least 10.'],
  'spec.healthChecks.image.timeoutMs': [
    'number',
    'Time after which a check counts as failed, ms; at least 1.',
  ],
  'spec.healthChecks.image.retries': ['number', 'Number of consecutive failures that count.'],
  'spec.healthChecks.image.startPeriodMs': [
    'number',
    'Time after the start during which failures do not count, ms.',
  ],
});
