import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Bench, openBench } from './support/cluster.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench[Symbol.asyncDispose]());
const run: Bench['run'] = (...parameters) => bench.run(...parameters);

const COMPOSE = `name: shop
services:
  web:
    image: nginx:1
    depends_on: [db]
    deploy: { replicas: 2, update_config: { monitor: 20ms } }
  db: { image: db:1, deploy: { update_config: { monitor: 20ms } } }
  worker: { image: busybox:1, deploy: { update_config: { monitor: 20ms } } }
  debug: { image: debug:1, profiles: [debug] }
`;

/** Writes files into the directory the commands run in. */
async function files(texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const path = join(bench.terminal.home, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
  }
}

async function replicas(service: string): Promise<number> {
  return (await bench.cluster.api.get('service', service)).spec.replicas;
}

const names = async (): Promise<readonly string[]> =>
  (await bench.cluster.api.list('service')).items.map(({ meta }) => meta.name);

afterEach(async () => {
  await run('stack rm shop');
  for (const name of ['compose.yaml', 'docker-compose.override.yml', '.env', 'sub', 'other.yml'])
    await rm(join(bench.terminal.home, name), { recursive: true, force: true });
});

describe('compose up', () => {
  const rows: readonly (readonly [line: string, code: number, services: readonly string[]])[] = [
    ['compose up -d', 0, ['shop-db', 'shop-web', 'shop-worker']],
    ['compose up -d worker', 0, ['shop-worker']],
    ['compose up -d web', 0, ['shop-db', 'shop-web']],
    ['compose up -d --no-deps web', 0, ['shop-web']],
    ['compose up -d debug', 0, ['shop-debug']],
    ['compose --profile debug up -d', 0, ['shop-db', 'shop-debug', 'shop-web', 'shop-worker']],
    ['compose up -d nothing', 2, []],
    ['compose up -d --scale nothing=1', 2, []],
    ['compose up -d --scale web', 2, []],
    ['compose up -d --build', 1, []],
    ['compose up -d --no-recreate --force-recreate', 2, []],
    ['compose up -d --no-build --quiet-pull -V -y worker', 0, ['shop-worker']],
    ['compose up -d --dry-run', 0, []],
  ];
  test.each(rows)('`%s` exits with %i and stores its services', async (line, code, services) => {
    await files({ 'compose.yaml': COMPOSE });
    expect(await run(line)).toMatchObject({ code });
    expect(await names()).toEqual(services);
  });

  test('waits by default, with --wait, and at most --wait-timeout seconds', async () => {
    await files({ 'compose.yaml': COMPOSE });
    expect(await run('compose up --wait-timeout 20')).toMatchObject({
      code: 0,
      out: expect.stringContaining('service/shop-web is up to date'),
    });
    expect(await run('compose up -d --wait --wait-timeout 20s')).toMatchObject({
      code: 0,
      out: expect.stringContaining('service/shop-web is up to date'),
    });
    expect((await run('compose up -d')).out).not.toContain('is up to date');
  });

  test('sets replicas with --scale, and the file sets them again', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up -d --scale worker=3 --scale web=1');
    expect([await replicas('shop-worker'), await replicas('shop-web')]).toEqual([3, 1]);
    await run('compose up -d');
    expect([await replicas('shop-worker'), await replicas('shop-web')]).toEqual([1, 2]);
  });

  test('replaces tasks with --force-recreate even if nothing changes', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s worker');
    const before = (await bench.cluster.api.get('service', 'shop-worker')).spec.restartedAt;
    await run('compose up -d worker');
    expect((await bench.cluster.api.get('service', 'shop-worker')).spec.restartedAt).toBe(before);
    await run('compose up --timeout 20s --force-recreate worker');
    expect((await bench.cluster.api.get('service', 'shop-worker')).spec.restartedAt).toBeGreaterThan(
      before ?? 0,
    );
  });

  test('names orphans, and removes them with --remove-orphans', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose --profile debug up -d');
    await files({ 'compose.yaml': COMPOSE.replace(/ {2}worker:.*\n/, '') });
    const left = await run('compose up -d');
    expect(left.err).toContain('left running: shop-worker; --remove-orphans removes them.');
    expect(await names()).toContain('shop-worker');
    expect((await run('compose up -d --remove-orphans')).out).toContain('service/shop-worker deleted');
    expect(await names()).toEqual(['shop-db', 'shop-debug', 'shop-web']);
  });

  test('reports a missing replica immediately if a service to wait for has none', async () => {
    await files({
      'compose.yaml':
        'name: shop\nservices:\n  off: { image: x, deploy: { replicas: 0, update_config: { monitor: 20ms } } }\n  web: { image: y, depends_on: [off], deploy: { update_config: { monitor: 20ms } } }\n',
    });
    expect(await run('compose up')).toMatchObject({
      code: 1,
      err: expect.stringContaining('web waits for off, which has 0 replicas'),
    });
    expect(await names()).toEqual([]);
    expect(await run('compose up --timeout 20s --scale off=1')).toMatchObject({ code: 0 });
  });
});

describe('the files of a project', () => {
  const variable = async (): Promise<unknown> =>
    (await bench.cluster.api.get('service', 'shop-web')).spec.template.env;
  const web = (value: string): string => `services: { web: { environment: { V: ${value} } } }\n`;
  const BASE = 'services: { web: { image: x } }\n';

  test('an override file with the other spelling counts', async () => {
    await files({ 'compose.yaml': BASE, 'docker-compose.override.yml': web('over') });
    await run('compose -p shop up -d');
    expect(await variable()).toEqual({ V: 'over' });
  });

  test('COMPOSE_FILE, COMPOSE_PROJECT_NAME and COMPOSE_PROFILES of .env count', async () => {
    await files({
      'compose.yaml': `${BASE.trim().slice(0, -1)}, dbg: { image: y, profiles: [p] } }\n`,
      'other.yml': web('other'),
      '.env': 'COMPOSE_FILE=compose.yaml:other.yml\nCOMPOSE_PROJECT_NAME=shop\nCOMPOSE_PROFILES=p\n',
    });
    await run('compose up -d');
    expect(await variable()).toEqual({ V: 'other' });
    expect(await names()).toEqual(['shop-dbg', 'shop-web']);
  });

  test('the environment goes before .env', async () => {
    await files({ 'compose.yaml': BASE, 'other.yml': web('other'), '.env': 'COMPOSE_FILE=compose.yaml\n' });
    const env = { COMPOSE_FILE: 'compose.yaml:other.yml', COMPOSE_PROJECT_NAME: 'shop' };
    await run('compose up -d', { env });
    expect(await variable()).toEqual({ V: 'other' });
  });

  test('--env-file, --project-directory, several -f and standard input count', async () => {
    await files({
      'sub/a.yml': `services: { web: { image: x, environment: { V: "\${V}" }, volumes: ["./data:/data"] } }\n`,
      'sub/my.env': 'V=mine\n',
    });
    await run('compose -p shop -f sub/a.yml --env-file sub/my.env --project-directory . up -d');
    expect(await variable()).toEqual({ V: 'mine' });
    const { mounts } = (await bench.cluster.api.get('service', 'shop-web')).spec.template;
    expect(mounts[0]).toMatchObject({ source: join(bench.terminal.home, 'data') });
    await run('compose -p shop -f sub/a.yml -f - up -d', { stdin: web('stdin') });
    expect(await variable()).toEqual({ V: 'stdin' });
  });
});

describe('compose stop, start, restart and rm', () => {
  test('a stopped service keeps its replicas, and starts with start or up', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    expect(await run('compose stop web')).toMatchObject({ code: 0, out: 'service/shop-web stopped\n' });
    expect(await replicas('shop-web')).toBe(0);
    expect(await run('compose stop web')).toMatchObject({ code: 0 });
    expect(await run('compose start --wait --wait-timeout 20')).toMatchObject({ code: 0 });
    expect(await replicas('shop-web')).toBe(2);
    expect((await run('compose start')).err).toContain('No stopped services.');
    await run('compose stop');
    expect((await run('compose ls -q')).out).toBe('');
    expect((await run('compose ls -a')).out).toMatch(/shop +exited\(3\)/);
    expect(await run('compose up --timeout 20s')).toMatchObject({ code: 0 });
    expect([await replicas('shop-web'), await replicas('shop-worker')]).toEqual([2, 1]);
    const { labels } = (await bench.cluster.api.get('service', 'shop-web')).meta;
    expect(labels).not.toHaveProperty('gantry.stack.stopped');
  });

  test('`create` stores services stopped, and start starts them', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose create');
    expect([await replicas('shop-web'), await replicas('shop-worker')]).toEqual([0, 0]);
    await run('compose start');
    expect([await replicas('shop-web'), await replicas('shop-worker')]).toEqual([2, 1]);
    expect(await run('compose up --timeout 20s')).toMatchObject({ code: 0 });
  });

  test('a global service cannot be stopped, which is said', async () => {
    await files({
      'compose.yaml': 'name: shop\nservices: { web: { image: x, deploy: { mode: global } } }\n',
    });
    await run('compose up -d');
    expect(await run('compose stop')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNSUPPORTED service shop-web: a global service cannot be stopped'),
    });
  });

  test('restart replaces tasks, rm removes stopped services', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    expect(await run('compose restart worker')).toMatchObject({
      code: 0,
      out: expect.stringContaining('service/shop-worker restarted'),
    });
    await run('compose stop worker');
    expect((await run('compose rm -f')).out).toBe('service/shop-worker deleted\n');
    expect((await run('compose rm -f')).err).toContain('No stopped services.');
  });
});

describe('compose down', () => {
  test('removes the services of the file and its networks, orphans only if asked', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up -d');
    await files({ 'compose.yaml': COMPOSE.replace(/ {2}worker:.*\n/, '') });
    const first = await run('compose down -v');
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('left running: shop-worker') });
    expect(await names()).toEqual(['shop-worker']);
    const second = await run('compose down --remove-orphans');
    expect(second.out).toBe('service/shop-worker deleted\nnetwork/shop-default deleted\n');
    expect((await run('compose down')).err).toContain('Nothing to remove.');
  });

  test('removes the named services only', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up -d');
    expect((await run('compose down web')).out).toBe('service/shop-web deleted\n');
    expect(await names()).toEqual(['shop-db', 'shop-worker']);
    expect(await run('compose down nothing')).toMatchObject({ code: 2 });
  });

  test('needs no file if the project is named', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up -d');
    await rm(join(bench.terminal.home, 'compose.yaml'));
    expect(await run('compose down')).toMatchObject({ code: 3 });
    expect((await run('compose -p shop down')).out).toContain('service/shop-web deleted');
  });
});

describe('compose ps, ls and config', () => {
  test('ps lists the tasks of services by their names', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    expect((await run('compose ps web')).out).not.toContain('shop-worker');
    expect((await run('compose ps -q web')).out.trim().split('\n')).toHaveLength(2);
    expect((await run('compose ps --services')).out).toBe('db\nweb\nworker\n');
    expect(await run('compose ps nothing')).toMatchObject({ code: 3 });
    expect((await run('compose ls')).out).toMatch(/^NAME +STATUS\nshop +running\(4\)\n$/);
    expect((await run('compose ls --format json')).out).toBe('[{"Name":"shop","Status":"running(4)"}]\n');
  });

  const rows: readonly (readonly [line: string, out: string])[] = [
    ['compose config --services', 'web\ndb\nworker\n'],
    ['compose --profile * config --services', 'web\ndb\nworker\ndebug\n'],
    ['compose config --images', 'nginx:1\ndb:1\nbusybox:1\n'],
    ['compose config --profiles', 'debug\n'],
    ['compose config -q', ''],
  ];
  test.each(rows)('`%s` prints names only', async (line, out) => {
    await files({ 'compose.yaml': COMPOSE });
    expect(await run(line)).toMatchObject({ code: 0, out });
  });

  test('config prints one file that says the same', async () => {
    await files({
      'compose.yaml': `name: shop\nservices:\n  web:\n    image: "x:\${TAG:-1}"\n    env_file: my.env\n    environment: [A=1, "PRICE=5$$"]\n    volumes: ["./data:/data:ro"]\n`,
      'other.yml': 'services: { web: { environment: { B: "2" }, ports: ["80:80"] } }\n',
      'my.env': 'C=3\n',
    });
    const line = 'compose -f compose.yaml -f other.yml';
    const { out } = await run(`${line} config`);
    expect(parse(out)).toEqual({
      name: 'shop',
      services: {
        web: {
          image: 'x:1',
          environment: { A: '1', B: '2', C: '3', PRICE: '5$$' },
          volumes: [`${join(bench.terminal.home, 'data')}:/data:ro`],
          ports: ['80:80'],
        },
      },
    });
    const converted = await run('compose -f - convert', { stdin: out });
    expect(converted.out).toBe((await run(`${line} convert`)).out);
    expect(JSON.parse((await run(`${line} config --format json`)).out)).toEqual(parse(out));
  });

  test('config -q rejects what cannot be converted', async () => {
    await files({ 'compose.yaml': 'services: { web: { image: x, privileged: true } }\n' });
    expect(await run('compose config -q')).toMatchObject({ code: 1 });
  });
});

describe('unsupported commands', () => {
  const rows: readonly (readonly [line: string, text: string])[] = [
    ['compose pause', 'UNSUPPORTED compose pause: '],
    ['compose unpause web', 'UNSUPPORTED compose unpause: '],
    ['compose kill -s HUP web', 'UNSUPPORTED compose kill: '],
    ['compose pull', 'UNSUPPORTED compose pull: '],
    ['compose build web', 'UNSUPPORTED compose build: '],
    ['compose stop -t 5', 'UNSUPPORTED compose stop --timeout: '],
    ['compose restart -t 5', 'UNSUPPORTED compose restart --timeout: '],
    ['compose down -t 5', 'UNSUPPORTED compose down --timeout: '],
    ['compose down --rmi all', 'UNSUPPORTED compose down --rmi: '],
    ['compose exec -d web sh', 'UNSUPPORTED compose exec --detach: '],
    ['compose exec --privileged web sh', 'UNSUPPORTED compose exec --privileged: '],
    ['compose run -it web sh', 'UNSUPPORTED compose run --interactive: '],
    ['compose run -t web sh', 'UNSUPPORTED compose run --tty: '],
    ['compose up --pull always', 'UNSUPPORTED compose up --pull: '],
    ['compose up --exit-code-from web', 'UNSUPPORTED compose up --exit-code-from: '],
    ['compose create --abort-on-container-exit', 'UNSUPPORTED compose create --abort-on-container-exit: '],
    [
      'stack deploy -c compose.yaml --with-registry-auth shop',
      'UNSUPPORTED stack deploy --with-registry-auth: ',
    ],
  ];
  test.each(rows)('`%s` is rejected', async (line, text) => {
    await files({ 'compose.yaml': COMPOSE });
    expect(await run(line)).toMatchObject({ code: 1, err: expect.stringContaining(text) });
  });
});

describe('compose exec and run', () => {
  test('exec picks a replica by its index', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    expect(await run('compose exec -T --index 9 web true')).toMatchObject({
      code: 5,
      err: expect.stringContaining('no running task with the index 9'),
    });
    expect(await run('compose exec -T --index zero web true')).toMatchObject({ code: 2 });
  });

  test('exec runs a command as the user and in the directory it is given', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    for (const [line, out] of [
      ['compose exec -T -u 1000:1000 web whoami', '1000:1000'],
      ['compose exec -T --workdir /srv web pwd', '/srv'],
      ['compose exec -T web whoami', 'root'],
      ['exec -u daemon shop-web -- whoami', 'daemon'],
      ['exec --workdir /srv shop-web -- pwd', '/srv'],
      ['exec shop-web -- pwd', '/'],
    ] as const)
      expect(await run(line)).toMatchObject({ code: 0, out: `${out}\n` });
  });

  test('exec hands on variables of this environment by name', async () => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    const env = { COLOR: 'red' };
    for (const line of [
      'exec -e COLOR -e SIZE=1 -e UNSET shop-web -- env',
      'compose exec -T -e COLOR -e SIZE=1 -e UNSET web env',
    ])
      expect(await run(line, { env })).toMatchObject({ code: 0, out: 'COLOR=red\nSIZE=1\n' });
    expect(await run('exec -e =1 shop-web -- env')).toMatchObject({ code: 2 });
  });

  test.each([
    ['exec -u missing shop-web -- whoami', 'user "missing" not found'],
    ['exec -w srv shop-web -- pwd', 'workingDir: expected an absolute path'],
    ['compose exec -T -u -x web whoami', 'user: expected user or user:group'],
  ])('`%s` is rejected', async (line, text) => {
    await files({ 'compose.yaml': COMPOSE });
    await run('compose up --timeout 20s');
    expect(await run(line)).toMatchObject({ code: 1, err: expect.stringContaining(text) });
  });

  test('run says on a terminal that its task has none, unless -T or -d says that this is expected', async () => {
    const job = "services: { job: { image: 'job:1', labels: { fake/exitAfterMs: '10' } } }\n";
    await files({ 'compose.yaml': `name: shop\n${job}` });
    for (const [line, warns] of [
      ['compose run --rm job', true],
      ['compose run --rm -T job', false],
      ['compose run -d job', false],
    ] as const) {
      const { code, err } = await run(line, { stdinIsTTY: true });
      expect(code, err).toBe(0);
      expect(err.includes('no terminal and no standard input'), line).toBe(warns);
    }
    expect((await run('compose run --rm job')).err).not.toContain('no terminal');
  });

  test('run -d makes a separate task beside the service, with its dependencies', async () => {
    await files({
      'compose.yaml': COMPOSE.replace(
        'depends_on: [db]',
        'depends_on: [db]\n    ports: ["80:80"]\n    restart: always',
      ),
    });
    const { code, out } = await run('compose run -d -e A=1 --entrypoint sh web -c true');
    expect(code).toBe(0);
    const name = out.trim().split('\n').at(-1) as string;
    expect(name).toMatch(/^shop-web-run-/);
    const { spec } = await bench.cluster.api.get('service', name);
    expect(spec).toMatchObject({
      replicas: 1,
      restart: { condition: 'none' },
      dependsOn: [{ service: 'shop-db' }],
    });
    expect(spec.template).toMatchObject({
      command: ['sh'],
      args: ['-c', 'true'],
      env: { A: '1' },
      ports: [],
    });
    expect(await names()).toEqual(['shop-db', name]);
    expect((await run('compose up -d')).err).not.toContain('left running');
    expect((await run('compose ps --services')).out).toBe('db\nweb\nworker\n');
    await run('compose down');
    expect(await names()).toEqual([]);
  });
});
