import { describe, expect, test } from 'vitest';
import { type Issue, isGantryError } from '../src/index.ts';
import { REDACTED, type ServiceInput, validateInput } from '../src/model/index.ts';

const template = { image: 'web:1' };
const service = (spec: object, meta: object = {}): unknown => ({
  kind: 'service',
  meta: { name: 'web', ...meta },
  spec: { template, ...spec },
});
const withTemplate = (fields: object): unknown => service({ template: { ...template, ...fields } });

function issuesOf(input: unknown): readonly Issue[] {
  try {
    validateInput(input);
  } catch (error) {
    if (isGantryError(error, 'INVALID_OBJECT')) return error.issues;
    throw error;
  }
  return [];
}

describe('a service', () => {
  test('gets defaults if it has only a name and an image', () => {
    const valid = validateInput<'service'>(service({}) as ServiceInput);
    expect(valid).toMatchObject({
      meta: { name: 'web', labels: {} },
      spec: {
        mode: 'replicated',
        replicas: 1,
        template: { image: 'web:1', pullPolicy: 'missing', init: false, ports: [], env: {} },
        placement: { constraints: [], preferences: [], maxReplicasPerNode: 0 },
        restart: { condition: 'any', delayMs: 1000, maxAttempts: 0 },
        update: { parallelism: 1, order: 'start-first', failureAction: 'pause' },
        rollback: { parallelism: 1, failureAction: 'pause' },
        balance: 'round-robin',
      },
    });
  });

  test('may run a command without an image', () => {
    expect(issuesOf(service({ template: { command: ['sleep', '1'] } }))).toEqual([]);
  });

  test('a port may be there for each protocol', () => {
    const ports = [
      { target: 53, published: 53 },
      { target: 53, published: 53, protocol: 'udp' },
    ];
    expect(issuesOf(withTemplate({ ports }))).toEqual([]);
  });

  test('several ports may be published anywhere', () => {
    const ports = [
      { target: 80, published: 0 },
      { target: 81, published: 0 },
    ];
    expect(issuesOf(withTemplate({ ports }))).toEqual([]);
  });

  test('may be applied unchanged after it was read from the API', () => {
    const read = {
      kind: 'service',
      meta: { name: 'web', labels: {}, uid: 'x', revision: 3, generation: 1, createdAt: 5 },
      spec: { template: { ...template, registryAuth: { username: 'u', password: REDACTED } } },
      status: { anything: true },
    };
    expect(issuesOf(read)).toEqual([]);
  });

  test.each<[string, unknown, Issue]>([
    ['an unknown field', service({ replica: 3 }), { path: 'spec.replica', message: 'unknown field' }],
    [
      'an unknown field of the template',
      withTemplate({ img: 'x' }),
      { path: 'spec.template.img', message: 'unknown field' },
    ],
    [
      'an unknown field at the top',
      { ...(service({}) as object), sepc: {} },
      { path: 'sepc', message: 'unknown field' },
    ],
    [
      'an unknown field of a port',
      withTemplate({ ports: [{ target: 1, publish: 2 }] }),
      { path: 'spec.template.ports[0].publish', message: 'unknown field' },
    ],
    ['no spec', { kind: 'service', meta: { name: 'web' } }, { path: 'spec', message: 'expected object' }],
    ['no template', service({ template: undefined }), { path: 'spec.template', message: 'expected object' }],
    ['no meta', { kind: 'service', spec: { template } }, { path: 'meta', message: 'expected object' }],
    ['text for a number', service({ replicas: '3' }), { path: 'spec.replicas', message: 'expected' }],
    ['a broken number', service({ replicas: 1.5 }), { path: 'spec.replicas', message: 'expected int' }],
    ['a negative number', service({ replicas: -1 }), { path: 'spec.replicas', message: '>=0' }],
    ['an absurd number', service({ replicas: 1e9 }), { path: 'spec.replicas', message: '<=10000000' }],
    ['not a number', service({ replicas: Number.NaN }), { path: 'spec.replicas', message: 'expected' }],
    ['a wrong mode', service({ mode: 'daemon' }), { path: 'spec.mode', message: '"replicated"|"global"' }],
    [
      'replicas of a global service',
      service({ mode: 'global', replicas: 3 }),
      { path: 'spec.replicas', message: 'a global service runs one task on each node' },
    ],
    [
      'a name with upper case',
      service({}, { name: 'Web' }),
      { path: 'meta.name', message: 'expected a DNS label' },
    ],
    [
      'a name with a dot',
      service({}, { name: 'web.1' }),
      { path: 'meta.name', message: 'expected a DNS label' },
    ],
    [
      'a name with an outer dash',
      service({}, { name: 'web-' }),
      { path: 'meta.name', message: 'expected a DNS label' },
    ],
    ['an empty name', service({}, { name: '' }), { path: 'meta.name', message: 'expected a DNS label' }],
    ['a long name', service({}, { name: 'a'.repeat(64) }), { path: 'meta.name', message: 'at most 63' }],
    ['a name that is none', service({}, { name: 5 }), { path: 'meta.name', message: 'expected string' }],
    [
      'a wrong label key',
      service({}, { labels: { 'a b': 'x' } }),
      { path: 'meta.labels.a b', message: 'expected a label key' },
    ],
    [
      'a label that is not a text',
      service({}, { labels: { a: 1 } }),
      { path: 'meta.labels.a', message: 'expected string' },
    ],
    [
      'neither image nor command',
      service({ template: {} }),
      { path: 'spec.template.image', message: 'expected an image, a command, or both' },
    ],
    [
      'a wrong image',
      service({ template: { image: 'not an image' } }),
      { path: 'spec.template.image', message: 'expected an image reference' },
    ],
    [
      'a command that is not a list',
      withTemplate({ command: 'sleep 1' }),
      { path: 'spec.template.command', message: 'expected array' },
    ],
    [
      'a wrong variable',
      withTemplate({ env: { 'A=B': 'x' } }),
      { path: 'spec.template.env.A=B', message: 'expected a variable name' },
    ],
    [
      'a variable that is not a text',
      withTemplate({ env: { A: 1 } }),
      { path: 'spec.template.env.A', message: 'expected string' },
    ],
    [
      'a relative path',
      withTemplate({ workingDir: 'srv' }),
      { path: 'spec.template.workingDir', message: 'expected an absolute path' },
    ],
    [
      'a wrong user',
      withTemplate({ user: 'a b' }),
      { path: 'spec.template.user', message: 'expected user or user:group' },
    ],
    [
      'a wrong pull policy',
      withTemplate({ pullPolicy: 'sometimes' }),
      { path: 'spec.template.pullPolicy', message: 'missing' },
    ],
    [
      'a wrong signal',
      withTemplate({ stopSignal: 'TERM' }),
      { path: 'spec.template.stopSignal', message: 'expected a signal name such as SIGTERM' },
    ],
    [
      'a duration as text',
      withTemplate({ stopGraceMs: '10s' }),
      { path: 'spec.template.stopGraceMs', message: 'expected' },
    ],
    [
      'a time of more than a week',
      withTemplate({ drainMs: 8 * 86_400_000 }),
      { path: 'spec.template.drainMs', message: '<=604800000' },
    ],
    ['a negative time', withTemplate({ drainMs: -1 }), { path: 'spec.template.drainMs', message: '>=0' }],
    [
      'a wrong unit',
      withTemplate({ resources: { requests: { memory: '64MB' } } }),
      { path: 'spec.template.resources.requests.memory', message: 'expected bytes' },
    ],
    [
      'negative CPU',
      withTemplate({ resources: { requests: { cpu: -5 } } }),
      { path: 'spec.template.resources.requests.cpu', message: 'must not be negative' },
    ],
    [
      'absurd memory',
      withTemplate({ resources: { limits: { memory: '9999999Ti' } } }),
      { path: 'spec.template.resources.limits.memory', message: 'must be at most' },
    ],
    [
      'a limit of something else',
      withTemplate({ resources: { limits: { gpu: 1 } } }),
      { path: 'spec.template.resources.limits.gpu', message: 'unknown field' },
    ],
    [
      'more asked for than the limit',
      withTemplate({ resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } }),
      { path: 'spec.template.resources.requests.cpu', message: 'must not exceed the limit 1' },
    ],
    [
      'port 0',
      withTemplate({ ports: [{ target: 0 }] }),
      { path: 'spec.template.ports[0].target', message: '>=1' },
    ],
    [
      'port 65536',
      withTemplate({ ports: [{ target: 65_536 }] }),
      { path: 'spec.template.ports[0].target', message: '<=65535' },
    ],
    [
      'a wrong protocol',
      withTemplate({ ports: [{ target: 1, protocol: 'sctp' }] }),
      { path: 'spec.template.ports[0].protocol', message: '"tcp"|"udp"' },
    ],
    [
      'a port twice',
      withTemplate({ ports: [{ target: 80 }, { target: 80 }] }),
      { path: 'spec.template.ports[1].target', message: 'duplicate port tcp:80' },
    ],
    [
      'a published port twice',
      withTemplate({
        ports: [
          { target: 80, published: 9 },
          { target: 81, published: 9 },
        ],
      }),
      { path: 'spec.template.ports[1].published', message: 'port tcp:9 is published twice' },
    ],
    [
      'a mount of no type',
      withTemplate({ mounts: [{ target: '/a' }] }),
      { path: 'spec.template.mounts[0].type', message: 'invalid' },
    ],
    [
      'a bind without source',
      withTemplate({ mounts: [{ type: 'bind', target: '/a' }] }),
      { path: 'spec.template.mounts[0].source', message: 'expected string' },
    ],
    [
      'a place mounted twice',
      withTemplate({
        mounts: [
          { type: 'tmpfs', target: '/a' },
          { type: 'tmpfs', target: '/a' },
        ],
      }),
      { path: 'spec.template.mounts[1].target', message: '/a is mounted twice' },
    ],
    [
      'a network twice',
      withTemplate({ networks: ['a', { name: 'a' }] }),
      { path: 'spec.template.networks[1]', message: 'duplicate network a' },
    ],
    [
      'an invalid alias',
      withTemplate({ networks: [{ name: 'a', aliases: ['A!'] }] }),
      {
        path: 'spec.template.networks[0].aliases[0]',
        message: 'expected a host name of at most 63 characters',
      },
    ],
    [
      'a check of two kinds',
      withTemplate({ healthChecks: { startup: { tcp: { port: 1 }, http: { port: 1 } } } }),
      { path: 'spec.template.healthChecks.startup', message: 'expected exactly one of exec, http, tcp' },
    ],
    [
      'a check of no kind',
      withTemplate({ healthChecks: { liveness: {} } }),
      { path: 'spec.template.healthChecks.liveness', message: 'expected exactly one of exec, http, tcp' },
    ],
    [
      'a check with no command',
      withTemplate({ healthChecks: { liveness: { exec: { command: [] } } } }),
      { path: 'spec.template.healthChecks.liveness.exec.command', message: '>=1' },
    ],
    [
      'a check without retries',
      withTemplate({ healthChecks: { liveness: { tcp: { port: 1 }, retries: 0 } } }),
      { path: 'spec.template.healthChecks.liveness.retries', message: '>=1' },
    ],
    [
      'a check that never rests',
      withTemplate({ healthChecks: { liveness: { tcp: { port: 1 }, intervalMs: 1 } } }),
      { path: 'spec.template.healthChecks.liveness.intervalMs', message: '>=10' },
    ],
    [
      'a constraint that cannot be parsed',
      service({ placement: { constraints: ['node.name == a', 'node.labels.zone = a'] } }),
      {
        path: 'spec.placement.constraints[1]',
        message: 'expected == or != at position 17 of "node.labels.zone = a"',
      },
    ],
    [
      'a preference that cannot be parsed',
      service({ placement: { preferences: [{ spread: 'zone' }] } }),
      { path: 'spec.placement.preferences[0].spread', message: 'unknown field "zone"' },
    ],
    [
      'a failure ratio above 1',
      service({ update: { maxFailureRatio: 2 } }),
      { path: 'spec.update.maxFailureRatio', message: '<=1' },
    ],
    [
      'a rollback that rolls back',
      service({ rollback: { failureAction: 'rollback' } }),
      { path: 'spec.rollback.failureAction', message: '"pause"|"continue"' },
    ],
    [
      'a wrong restart condition',
      service({ restart: { condition: 'always' } }),
      { path: 'spec.restart.condition', message: 'on-failure' },
    ],
    ['no scheduler name', service({ scheduler: '' }), { path: 'spec.scheduler', message: '>=1' }],
  ])('is rejected with path and reason: %s', (_what, input, { path, message }) => {
    expect(issuesOf(input)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  test('has all its problems reported at once, and the message names the object', () => {
    const input = {
      kind: 'service',
      meta: { name: 'web' },
      spec: { replicas: -1, color: 'red', template: { image: 'x', ports: [{ target: 0 }] } },
    };
    expect(() => validateInput(input)).toThrowError(/^service web: .*replicas.*; /);
    expect(
      issuesOf(input)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['spec.color', 'spec.replicas', 'spec.template.ports[0].target']);
  });
});

describe('an object', () => {
  test.each([
    undefined,
    null,
    5,
    'web',
    [],
    {},
    { kind: 'pod' },
    { kind: 5 },
    { kind: 'toString' },
    { kind: 'task' },
  ])('%j is rejected: its kind is unknown', (input) => {
    expect(issuesOf(input)).toEqual([
      { path: 'kind', message: expect.stringContaining('expected one of node, service, network') },
    ]);
  });

  test.each<[unknown, string]>([
    [{ kind: 'node', meta: { name: 'n1' }, spec: { availability: 'off' } }, 'spec.availability'],
    [{ kind: 'node', meta: { name: 'N1' } }, 'meta.name'],
    [{ kind: 'network', meta: { name: 'front' }, spec: { subnet: '10.0.0.0' } }, 'spec.subnet'],
    [{ kind: 'network', meta: { name: 'front' }, spec: { internal: 'yes' } }, 'spec.internal'],
    [{ kind: 'network', meta: { name: 'front' }, spec: { driver: 'x' } }, 'spec.driver'],
  ])('%j is rejected at %s', (input, path) => {
    expect(issuesOf(input)).toEqual([{ path, message: expect.any(String) }]);
  });
});
