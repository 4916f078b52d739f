import { validateInput } from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { type CreateFlags, createInput, freeName } from '../src/docker/create-service.ts';
import { parseMount } from '../src/docker/mount.ts';
import { parsePublish } from '../src/docker/publish.ts';
import { words } from '../src/docker/shared-spec.ts';
import { updatePatch } from '../src/docker/update-service.ts';
import { bytes, cores, duration } from '../src/docker/values.ts';

const context = { namespace: 'default', taken: new Set<string>(), env: { FROM_HERE: 'yes' } };
const create = (operands: readonly string[], flags: CreateFlags = {}) =>
  createInput(operands, flags, context);

describe('--publish', () => {
  test.each([
    ['8080:80', [{ target: 80, published: 8080, protocol: 'tcp' }]],
    ['80', [{ target: 80, published: 0, protocol: 'tcp' }]],
    ['53:53/udp', [{ target: 53, published: 53, protocol: 'udp' }]],
    [
      '8000-8001:80-81',
      [
        { target: 80, published: 8000, protocol: 'tcp' },
        { target: 81, published: 8001, protocol: 'tcp' },
      ],
    ],
    ['published=8080,target=80', [{ target: 80, published: 8080, protocol: 'tcp', mode: 'ingress' }]],
    ['target=80,mode=host,protocol=udp', [{ target: 80, published: 0, protocol: 'udp', mode: 'host' }]],
  ])('%s', (text, ports) => {
    expect(parsePublish(text)).toEqual(ports);
  });

  test.each([
    ['x:80', 'expected'],
    ['8000-8002:80', 'not of one length'],
    ['80/sctp', 'expected one of tcp, udp'],
    ['99999', 'expected a port'],
    ['published=80', 'target=PORT'],
    ['target=80,app=x', '"app" is not supported'],
  ])('%s is rejected', (text, reason) => {
    expect(() => parsePublish(text)).toThrow(reason);
  });
});

describe('--mount', () => {
  test.each([
    ['type=bind,source=/a,target=/b', { type: 'bind', source: '/a', target: '/b', readOnly: false }],
    ['type=bind,src=/a,dst=/b,readonly', { type: 'bind', source: '/a', target: '/b', readOnly: true }],
    ['type=bind,src=/a,dst=/b,ro=false', { type: 'bind', source: '/a', target: '/b', readOnly: false }],
    ['type=tmpfs,target=/t,tmpfs-size=64m', { type: 'tmpfs', target: '/t', size: 64 * 2 ** 20 }],
  ])('%s', (text, mount) => {
    expect(parseMount(text)).toEqual(mount);
  });

  test.each([
    ['type=volume,source=v,target=/b', 'not supported'],
    ['source=v,target=/b', 'mounts of type "volume"'],
    ['type=bind,source=/a', 'target=PATH'],
    ['type=bind,target=/b', 'source=PATH'],
    ['type=bind,source=/a,target=/b,bind-propagation=both', 'expected one of'],
    ['type=bind,source=/a,target=/b,bind-nonrecursive=true', 'not supported'],
  ])('%s is rejected', (text, reason) => {
    expect(() => parseMount(text)).toThrow(reason);
  });
});

test('amounts are read as Docker reads them', () => {
  expect([bytes('64m', 'f'), bytes('1.5g', 'f'), bytes('1gb', 'f'), bytes('100', 'f')]).toEqual([
    67_108_864, 1_610_612_736, 1_073_741_824, 100,
  ]);
  expect([cores('0.5', 'f'), cores('2', 'f')]).toEqual([500, 2000]);
  expect([duration('10s', 'f'), duration('1m30s', 'f')]).toEqual([10_000, 90_000]);
  expect(() => bytes('lots', '--limit-memory')).toThrow('--limit-memory: expected bytes');
  expect(() => cores('1m', '--limit-cpu')).toThrow('--limit-cpu');
});

test('a command line is split at blanks that are not quoted', () => {
  expect(words(`sh -c "echo 'a b'" x=' y'`)).toEqual(['sh', '-c', "echo 'a b'", 'x= y']);
});

describe('service create', () => {
  test('every flag lands where it belongs, and the result is valid', () => {
    const input = create(['nginx:1', 'nginx', '-g', 'daemon off;'], {
      name: 'web',
      replicas: '3',
      network: ['front', 'name=back,alias=db'],
      publish: ['8080:80'],
      env: ['A=1', 'FROM_HERE', 'NOT_HERE'],
      label: ['tier=front'],
      containerLabel: ['x=y'],
      constraint: ['node.labels.zone==a'],
      placementPref: ['spread=node.labels.zone'],
      limitCpu: '0.5',
      limitMemory: '64m',
      reserveCpu: '0.25',
      genericResource: ['gpu=1'],
      updateParallelism: '2',
      updateFailureAction: 'rollback',
      rollbackOrder: 'stop-first',
      restartCondition: 'on-failure',
      restartMaxAttempts: '5',
      replicasMaxPerNode: '1',
      healthCmd: 'wget -q localhost',
      healthRetries: '5',
      stopGracePeriod: '5s',
      stopSignal: 'quit',
      user: 'nobody',
      workdir: '/srv',
      mount: ['type=tmpfs,target=/tmp'],
    });
    const { meta, spec } = validateInput<'service'>(input);
    expect(meta).toMatchObject({ name: 'web', labels: { tier: 'front' } });
    expect(spec).toMatchObject({
      replicas: 3,
      placement: {
        constraints: ['node.labels.zone == a'],
        preferences: [{ spread: 'node.labels.zone' }],
        maxReplicasPerNode: 1,
      },
      restart: { condition: 'on-failure', maxAttempts: 5 },
      update: { parallelism: 2, failureAction: 'rollback' },
      rollback: { order: 'stop-first' },
    });
    const check = {
      exec: { command: ['/bin/sh', '-c', 'wget -q localhost'] },
      intervalMs: 30_000,
      retries: 5,
    };
    expect(spec.template).toMatchObject({
      image: 'nginx:1',
      command: [],
      args: ['nginx', '-g', 'daemon off;'],
      env: { A: '1', FROM_HERE: 'yes' },
      labels: { x: 'y' },
      networks: [{ name: 'front' }, { name: 'back', aliases: ['db'] }],
      ports: [{ target: 80, published: 8080 }],
      resources: { requests: { cpu: 250, gpu: 1 }, limits: { cpu: 500, memory: 67_108_864 } },
      stopGraceMs: 5000,
      stopSignal: 'SIGQUIT',
      user: 'nobody',
      workingDir: '/srv',
      healthChecks: { startup: check, liveness: check },
    });
  });

  test('flags that were not given are left out, so that defaults stay defaults', () => {
    expect(create(['nginx']).spec).toEqual({ template: { image: 'nginx' } });
  });

  test('--process makes the operands a command of the node, without an image', () => {
    expect(create(['/usr/bin/node', 'server.mjs'], { process: true })).toMatchObject({
      meta: { name: 'node' },
      spec: { template: { command: ['/usr/bin/node', 'server.mjs'] } },
    });
  });

  test.each([
    [[], {}, 'expected an image'],
    [['nginx'], { mode: 'replicated-job' }, 'there are no jobs'],
    [['nginx'], { mode: 'x' }, 'expected one of replicated, global'],
    [['nginx'], { healthRetries: 'often' }, '--health-retries: expected a whole number'],
    [['nginx'], { logOpt: ['max-size'] }, '--log-opt: expected NAME=VALUE'],
    [['nginx'], { replicas: 'many' }, '--replicas: expected a whole number'],
    [['nginx'], { updateMaxFailureRatio: '2' }, 'from 0 to 1'],
    [['nginx'], { placementPref: ['zone'] }, 'spread=FIELD'],
  ])('%j with %j is rejected', (operands, flags, reason) => {
    expect(() => create(operands, flags)).toThrow(reason);
  });

  test('a name is made of the image, and is free', () => {
    expect(freeName('registry.io:5000/team/Web_App:1.2@sha256:aa', new Set())).toBe('web-app');
    expect(freeName('nginx', new Set(['nginx', 'nginx-2']))).toBe('nginx-3');
    expect(freeName('...', new Set())).toBe('service');
  });
});

describe('service update', () => {
  const service = {
    kind: 'service',
    meta: { name: 'web', uid: 'u', generation: 1, createdAt: 0, labels: {} },
    ...{
      spec: validateInput<'service'>(
        create(['nginx:1'], {
          publish: ['8080:80'],
          constraint: ['node.name==a'],
          network: ['front'],
          env: ['A=1'],
        }),
      ).spec,
    },
    status: {} as never,
  } as Parameters<typeof updatePatch>[0];
  const patch = (flags: Parameters<typeof updatePatch>[1]) => updatePatch(service, flags, { B: '2' });

  test('maps are patched by their keys, lists are replaced as a whole', () => {
    expect(
      patch({ image: 'nginx:2', envAdd: ['B'], envRm: ['A'], labelAdd: ['x=y'], replicas: '4' }),
    ).toEqual({
      meta: { labels: { x: 'y' } },
      spec: { replicas: 4, template: { image: 'nginx:2', env: { A: null, B: '2' } } },
    });
    expect(patch({ publishAdd: ['9090:80'], constraintAdd: ['node.name!=b'] })).toEqual({
      spec: {
        template: { ports: [{ target: 80, published: 9090, protocol: 'tcp' }] },
        placement: { constraints: ['node.name == a', 'node.name != b'] },
      },
    });
    expect(patch({ publishRm: ['80'], networkRm: ['front'], constraintRm: ['node.name==a'] })).toEqual({
      spec: { template: { ports: [], networks: [] }, placement: { constraints: [] } },
    });
  });

  test('an empty change does nothing, and a missing item cannot be removed', () => {
    expect(patch({})).toBeUndefined();
    expect(() => patch({ publishRm: ['443'] })).toThrow('--publish-rm: "443/tcp" not found');
  });
});
