import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/cluster.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
const run: Bench['run'] = (...parameters) => bench.run(...parameters);

test('`service create --replicas=3 --network frontend my-web-server` makes the network and three tasks on it', async () => {
  const { code, out, err } = await run(
    'service create --replicas=3 --network frontend --update-monitor 20ms my-web-server',
  );
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('3 of 3 tasks are ready') });
  expect(err).toContain('Network frontend was not there: created.');
  expect((await run('network ls')).out).toContain('frontend');
  expect((await run('get svc my-web-server -o jsonpath={.spec.template.networks[*].name}')).out).toBe(
    'frontend\n',
  );
  expect((await run('service ps my-web-server --running')).out.trim().split('\n')).toHaveLength(4);
  expect(await run('network rm frontend')).toMatchObject({ code: 4 });
});

test('a service that is rejected leaves no network behind', async () => {
  expect((await run('service create --network lonely --name Bad_Name nginx')).code).toBe(1);
  expect((await run('get network lonely')).code).toBe(3);
});

test('everything after the image belongs to the container, even if it looks like an option', async () => {
  await run('service create -d --name shell busybox sh -c true --replicas 9');
  expect((await run('get svc shell -o jsonpath={.spec.template.args}')).out).toBe(
    '["sh","-c","true","--replicas","9"]\n',
  );
});

test('options that may be repeated are, and take no operand with them', async () => {
  await run('service create -d --name many -e A=1 -e B=2 --label x=y nginx');
  expect((await run('get svc many -o jsonpath={.spec.template.env}')).out).toBe('{"A":"1","B":"2"}\n');
});

test('flags of health checks, init and processes reach the template', async () => {
  expect(
    await run('service create -d --name plain --no-healthcheck --init --limit-pids 50 nginx'),
  ).toMatchObject({
    code: 0,
  });
  const { template } = (await bench.cluster.api.get('service', 'plain')).spec;
  expect(template).toMatchObject({
    init: true,
    healthChecks: { image: false },
    resources: { limits: { pids: 50 } },
  });
  expect(await run('service update -d --health-cmd none plain')).toMatchObject({ code: 0 });
  expect(await run('service create -d --no-healthcheck --health-cmd x nginx')).toMatchObject({ code: 2 });
});

test('services are updated, scaled, rolled back, inspected, listed and removed', async () => {
  await run('service create --name web --update-monitor 20ms --rollback-monitor 20ms -e A=1 nginx:1');
  expect(await run('service update --image nginx:2 --env-rm A --timeout 4s web')).toMatchObject({ code: 0 });
  const [inspected] = JSON.parse((await run('service inspect web')).out) as [{ spec: { template: object } }];
  expect(inspected.spec.template).toMatchObject({ image: 'nginx:2', env: {} });
  expect((await run('service rollback web --timeout 4s')).out).toContain('rolled back');
  expect((await run('get svc web -o jsonpath={.spec.template.image}')).out).toBe('nginx:1\n');
  expect((await run('service scale web=2')).out).toBe('service/web scaled to 2\n');
  expect((await run('service ls -q')).out).toContain('web\n');
  expect((await run('service inspect --pretty web')).out).toContain('Image:');
  expect(await run('service update web')).toMatchObject({ code: 2 });
  expect((await run('service rm web --timeout 4s')).out).toBe('service/web deleted\n');
});

test('an unknown flag is rejected with a suggestion', async () => {
  expect(await run('service create --replica 3 nginx')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--replicas'),
  });
});

const COMPOSE = `services:
  web:
    image: nginx:1
    deploy: { replicas: 2, update_config: { monitor: 20ms } }
  worker:
    image: busybox
    deploy: { update_config: { monitor: 20ms } }
`;

test('a stack is deployed, updated without the services that are no longer in its file, and removed', async () => {
  const file = join(bench.terminal.home, 'compose.yaml');
  await writeFile(file, COMPOSE);
  const first = await run('stack deploy -c compose.yaml shop --timeout 4s');
  expect(first).toMatchObject({ code: 0, out: expect.stringContaining('service/shop-web created') });
  expect((await run('stack ls')).out).toMatch(/shop +2/);
  expect((await run('stack services shop')).out).toContain('shop-worker');
  expect((await run('stack ps shop')).out).toContain('shop-web.2.');
  expect((await run('stack deploy -c compose.yaml --plan shop')).out).toMatch(/shop-web +unchanged/);
  await writeFile(file, COMPOSE.replace(/ {2}worker:[\s\S]*/, ''));
  const kept = await run('stack deploy -c compose.yaml shop -d');
  expect(kept.out).not.toContain('deleted');
  expect(kept.err).toContain('left running: shop-worker; --prune removes them.');
  expect((await run('stack deploy -c compose.yaml shop -d --prune')).out).toContain(
    'service/shop-worker deleted',
  );
  expect((await run('get svc shop-web -o jsonpath={.meta.labels}')).out).toContain('"gantry.stack":"shop"');
  expect(await run('stack ps shp')).toMatchObject({
    code: 3,
    err: expect.stringContaining('did you mean shop?'),
  });
  expect((await run('stack rm shop')).out).toContain('service/shop-web deleted');
  expect((await run('stack ls')).err).toBe('No stacks.\n');
});

test('compose takes the file of the folder', async () => {
  await writeFile(join(bench.terminal.home, 'compose.yaml'), COMPOSE);
  expect((await run('compose --project-name here up --timeout 4s')).code).toBe(0);
  expect((await run('compose --project-name here ps')).out).toContain('here-web.1.');
  expect((await run('compose --project-name here logs web')).code).toBe(0);
  expect(await run('compose --project-name here logs nothing')).toMatchObject({ code: 3 });
  expect((await run('compose convert --project-name here -o name')).out).toContain('service/here-worker\n');
  const { out } = await run('compose convert --project-name here');
  expect((await run('apply -f - --dry-run --manager stack/here', { stdin: out })).out).toContain(
    'service/here-web unchanged (dry run)',
  );
  expect((await run('compose down --project-name here')).out).toContain('service/here-web deleted');
});

test('a Compose file with unsupported fields is rejected with the place, or with --lenient deployed with a warning', async () => {
  await writeFile(
    join(bench.terminal.home, 'odd.yaml'),
    'services:\n  web:\n    image: nginx\n    privileged: true\n',
  );
  const refused = await run('stack deploy -c odd.yaml odd -d');
  expect(refused).toMatchObject({
    code: 1,
    err: expect.stringMatching(/odd\.yaml:4:\d+ services\.web\.privileged: /),
  });
  expect(await run('stack deploy -c odd.yaml odd -d --lenient')).toMatchObject({
    code: 0,
    err: expect.stringContaining('(left out)'),
  });
});
