/** Inputs on which an earlier version failed, each reduced to the least that shows it, on a cluster that runs nothing. */
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { describe, expect, test } from 'vitest';
import { fakeBed } from '../failures/support/fake-bed.ts';
import { eventsOf, gantry, liveTasks, servicesOf, tasksOf, write } from './support.ts';

/** A service of a container image that ends at once with this code. */
const ends = (code: number): string =>
  `image: "job:1", labels: { fake/exit-after-ms: "10", fake/exit-code: "${code}", fake/print-at-end: "ended" }`;
const yaml = (name: string, spec: string): string =>
  `kind: service\nmeta: { name: ${name} }\nspec: ${spec}\n`;

describe('an update', { timeout: 60_000 }, () => {
  test('r01-max-per-node: start-first with maxReplicasPerNode updates slots that have no other place stop-first', async () => {
    await using bed = await fakeBed(2);
    const version = (v: number): string =>
      yaml(
        'maxpn',
        `{ replicas: 2, placement: { maxReplicasPerNode: 1 }, template: { command: [sleep, "1000"], drainMs: 0, env: { V: "${v}" } }, update: { order: start-first, monitorMs: 500 } }`,
      );
    await write(bed, { 'one.yaml': version(1), 'two.yaml': version(2) });
    expect((await gantry(bed, 'apply -f one.yaml --wait')).code).toBe(0);
    expect(await gantry(bed, 'apply -f two.yaml --wait')).toMatchObject({ code: 0 });
    expect(await liveTasks(bed, 'maxpn')).toHaveLength(2);
    const stopFirst = (await bed.api.list('event')).items.filter(({ spec }) => spec.reason === 'StopFirst');
    expect(stopFirst.length).toBeGreaterThan(0);
    for (const { spec } of stopFirst) expect(spec.message).toMatch(/^placed on node node-[12], where it /);
  });

  test.each([
    ['plain', '', 'monitorMs: 2000, failureAction: rollback', /rolled back/, 3],
    [
      'startup-check',
      ', healthChecks: { startup: { exec: { command: [check] }, intervalMs: 500, retries: 20 } }',
      'monitorMs: 1000',
      /update is paused: 1 of 3 new tasks failed: .*exit code 0/,
      3,
    ],
  ])(
    'r23-new-task-exits-0, %s: a version that exits with 0 replaces nothing, and the command fails',
    async (_, check, update, message, replicas) => {
      await using bed = await fakeBed(3);
      const version = (v: number, labels: string): string =>
        yaml(
          'exit0',
          `{ replicas: ${replicas}, template: { image: "app:1", drainMs: 0, env: { V: "${v}" }, labels: { ${labels} }${check} }, update: { ${update} } }`,
        );
      await write(bed, {
        'one.yaml': version(1, ''),
        'two.yaml': version(2, 'fake/exit-after-ms: "20", fake/ready-after-ms: "99999"'),
      });
      if (check === '') await write(bed, { 'two.yaml': version(2, 'fake/exit-after-ms: "20"') });
      expect((await gantry(bed, 'apply -f one.yaml --wait')).code).toBe(0);
      const before = (await liveTasks(bed, 'exit0')).map(({ meta }) => meta.name);
      const { code, err } = await gantry(bed, 'apply -f two.yaml --wait');
      expect(code).toBe(1);
      expect(err).toMatch(message);
      const serving = (await liveTasks(bed, 'exit0')).filter(({ status }) => status.ready);
      expect(serving.map(({ meta }) => meta.name)).toEqual(expect.arrayContaining(before));
    },
  );

  test('r05-force-after-give-up: a requested restart makes a new task of a slot that was given up, and of one that is complete', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'giveup.yaml': yaml(
        'giveup',
        `{ template: { ${ends(1)} }, restart: { condition: any, delayMs: 100, maxDelayMs: 100, maxAttempts: 1, windowMs: 5000 } }`,
      ),
      'once.yaml': yaml('once', `{ template: { ${ends(0)} }, restart: { condition: none } }`),
    });
    const gaveUp = await gantry(bed, 'apply -f giveup.yaml --wait');
    expect(gaveUp.code).toBe(1);
    expect(gaveUp.err).toContain(
      'exit code 1; last output: "ended"; not restarted: it was restarted once (GaveUp)',
    );
    expect((await gantry(bed, 'apply -f once.yaml --wait')).code).toBe(0);
    for (const [line, service] of [
      ['rollout restart giveup', 'giveup'],
      ['service update --force --detach giveup', 'giveup'],
      ['rollout restart once', 'once'],
      ['service update --force --detach once', 'once'],
    ] as const) {
      const before = Math.max(...(await tasksOf(bed, service)).map(({ spec }) => spec.attempt));
      expect(await gantry(bed, line)).toMatchObject({ code: 0 });
      expect(
        await bed.until(async () => (await tasksOf(bed, service)).some(({ spec }) => spec.attempt > before)),
      ).toBe(true);
      await bed.until(async () => (await liveTasks(bed, service)).length === 0);
    }
  });
});

describe('compose up', { timeout: 60_000 }, () => {
  const compose = (job: string): string => `services:
  job: { ${job} }
  web:
    image: "web:1"
    restart: always
    depends_on: { job: { condition: service_completed_successfully } }
`;

  test('r09-job-up: is done when the job has succeeded and the service that waits for it runs', async () => {
    await using bed = await fakeBed();
    await write(bed, { 'compose.yaml': compose(ends(0)) });
    expect(await gantry(bed, 'compose -p demo up --wait')).toMatchObject({ code: 0 });
    const states = (await servicesOf(bed)).map(({ meta, status }) => [meta.name, status.progress?.state]);
    expect(Object.fromEntries(states)).toEqual({ 'demo-job': 'complete', 'demo-web': 'stable' });
  });

  test('r09b-job-fails: fails with the exit code and the last output of the job', async () => {
    await using bed = await fakeBed();
    await write(bed, { 'compose.yaml': compose(ends(4)) });
    const { code, err } = await gantry(bed, 'compose -p demo up --wait');
    expect(code).toBe(1);
    expect(err).toContain('exit code 4; last output: "ended"');
  });

  test('r18-replicas-zero: fails at once if a dependency has 0 replicas, and names it', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'compose.yaml': `services:
  off: { image: "off:1", deploy: { replicas: 0 } }
  web: { image: "web:1", restart: always, depends_on: [off] }
`,
    });
    const { code, err } = await gantry(bed, 'compose -p demo up -d');
    expect(code).toBe(1);
    expect(err).toMatch(/web waits for off, which has 0 replicas/);
  });

  test('r19-swarm-default-restart: a stack restarts tasks that fail, as Swarm does by default', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'stack.yaml': `version: "3.8"
services:
  web: { image: "web:1", labels: { fake/exit-after-ms: "3000", fake/exit-code: "1" }, deploy: { replicas: 1 } }
`,
    });
    expect(await gantry(bed, 'stack deploy -c stack.yaml demo --detach')).toMatchObject({ code: 0 });
    const [service] = await servicesOf(bed);
    expect(service?.spec.restart).toMatchObject({ condition: 'any', delayMs: 5000 });
    const name = service?.meta.name as string;
    expect(await bed.until(async () => (await tasksOf(bed, name)).some(({ spec }) => spec.attempt > 1))).toBe(
      true,
    );
  });

  test('r20-udp: a published UDP port that no component forwards is rejected, and nothing is stored', async () => {
    await using bed = await fakeBed(1, [proxyLoadBalancer()]);
    await write(bed, {
      'compose.yaml': `services:
  dns: { image: "dns:1", restart: always, ports: ["18053:53/udp", "18053:53/tcp"] }
`,
    });
    const { code, err } = await gantry(bed, 'compose -p demo up -d');
    expect(code).toBe(1);
    expect(err).toMatch(/the load balancer does not forward udp: publish port 53\/udp with mode "host"/);
    expect(await servicesOf(bed)).toEqual([]);
  });

  test('r30-labels: container labels are free text', async () => {
    await using bed = await fakeBed();
    const labels = {
      'traefik.http.routers.w.rule': 'Host(`a.example`) || PathPrefix(`/x`)',
      'traefik.http.routers.w.tls.domains[0].main': 'a.example',
      'traefik.http.middlewares.longname.headers.customrequestheaders.X-Forwarded-Proto': 'https',
      'com.example.desc': 'Größe & co',
      policy: "default-src 'self'; ".repeat(20),
    };
    await write(bed, { 'compose.yaml': JSON.stringify({ services: { web: { image: 'web:1', labels } } }) });
    expect(await gantry(bed, 'compose -p demo up -d')).toMatchObject({ code: 0 });
    const [service] = await servicesOf(bed);
    expect(service?.spec.template.labels).toMatchObject(labels);
  });

  test('c01-empty-host-ip: a port with an empty host address is published', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'compose.yaml': `services:
  web: { image: "web:1", ports: ["\${BIND_IP:-}:18080:80", ":18443:443"] }
`,
    });
    const { code, out } = await gantry(bed, 'compose -p demo config');
    expect(code).toBe(0);
    expect(out).toMatch(/18080/);
    expect(out).toMatch(/18443/);
  });

  test('c02-healthcheck-disable-false: leaves the health check of the image on', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'compose.yaml':
        'services: { web: { image: "web:1", restart: always, healthcheck: { disable: false } } }\n',
    });
    expect(await gantry(bed, 'compose -p demo up -d')).toMatchObject({ code: 0 });
    const [service] = await servicesOf(bed);
    expect(service?.spec.template.healthChecks).toEqual({ image: true });
  });

  test('c14-override-name: an override file with the other spelling is read', async () => {
    await using bed = await fakeBed();
    await write(bed, {
      'compose.yaml': 'services: { web: { image: "web:1" } }\n',
      'docker-compose.override.yml': 'services: { web: { environment: { OVERRIDDEN: "yes" } } }\n',
    });
    expect(await gantry(bed, 'compose -p demo up -d')).toMatchObject({ code: 0 });
    expect((await servicesOf(bed))[0]?.spec.template.env).toMatchObject({ OVERRIDDEN: 'yes' });
  });

  test('c14b-compose-file-env: COMPOSE_FILE of the environment and of .env names the files', async () => {
    for (const from of ['environment', '.env']) {
      await using bed = await fakeBed();
      const files = 'docker-compose.yml:extra.yml';
      await write(bed, {
        'docker-compose.yml': 'services: { web: { image: "web:1" } }\n',
        'extra.yml': 'services: { web: { environment: { EXTRA: "yes" } } }\n',
        ...(from === '.env' && { '.env': `COMPOSE_FILE=${files}\n` }),
      });
      const env = from === '.env' ? {} : { COMPOSE_FILE: files };
      expect(await gantry(bed, 'compose -p demo up -d', env)).toMatchObject({ code: 0 });
      expect((await servicesOf(bed))[0]?.spec.template.env).toMatchObject({ EXTRA: 'yes' });
    }
  });

  test('c21-names: names that Docker takes become names of services, the long ones with a hash', async () => {
    await using bed = await fakeBed();
    const names = ['busybox1.24', 'Web_UI', 'größe', 'subscription-consumer-generic-metrics-distributions'];
    const services = Object.fromEntries(names.map((name) => [name, { image: 'web:1' }]));
    await write(bed, { 'compose.yaml': JSON.stringify({ name: 'acme', services }) });
    const { code, err } = await gantry(bed, 'compose up -d');
    expect({ code, err }).toMatchObject({ code: 0 });
    const stored = (await servicesOf(bed)).map(({ meta }) => meta.name);
    expect(new Set(stored).size).toBe(names.length);
    for (const name of stored) expect(name.length).toBeLessThanOrEqual(63);
  });
});

test('events tell that a slot was given up', async () => {
  await using bed = await fakeBed();
  await write(bed, { 'job.yaml': yaml('job', `{ template: { ${ends(1)} }, restart: { condition: none } }`) });
  expect((await gantry(bed, 'apply -f job.yaml --wait')).code).toBe(1);
  expect(await bed.until(async () => (await eventsOf(bed, 'job')).includes('GaveUp'))).toBe(true);
});
