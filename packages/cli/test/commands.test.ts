import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

const run: Bench['run'] = (...parameters) => bench.run(...parameters);
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(bench.terminal.home, name), text);
  return name;
};
/** A service that is up. */
const deploy = async (name: string, more = ''): Promise<void> => {
  await file(`${name}.yaml`, serviceYaml(name, more));
  const done = await run(`apply -f ${name}.yaml --wait --timeout 4s`);
  expect(done).toMatchObject({ code: 0 });
};

describe('apply', () => {
  test('says of each object what became of it, and waits until it is up', async () => {
    await file('a.yaml', `kind: network\nmeta: { name: front }\n---\n${serviceYaml('applied')}`);
    const first = await run('apply -f a.yaml --wait --timeout 4s');
    expect(first.out).toMatch(
      /^network\/front created\nservice\/applied created\nservice\/applied is up to date: 2 of 2 tasks are ready \(\d+m?s\)\n$/,
    );
    expect((await run('apply -f a.yaml')).out).toBe('network/front unchanged\nservice/applied unchanged\n');
    await file('a.yaml', serviceYaml('applied').replace('replicas: 2', 'replicas: 3'));
    expect((await run('apply -f a.yaml --dry-run')).out).toBe('service/applied configured (dry run)\n');
    expect((await run('get service applied -o jsonpath={.spec.replicas}')).out).toBe('2\n');
    expect((await run('apply -f a.yaml -o json')).out).toContain('"replicas": 3');
  });

  test('reads standard input, and what `get` has written', async () => {
    await deploy('piped');
    const { out } = await run('get service piped -o yaml');
    expect((await run('apply -f -', { stdin: out })).out).toBe('service/piped unchanged\n');
  });

  test('shows each problem of an object with its path, and stores nothing', async () => {
    await file(
      'bad.yaml',
      'kind: service\nmeta: { name: bad }\nspec: { replicas: x, template: { image: a, ports: [{ target: 0 }] }, colour: red }',
    );
    const { code, err } = await run('apply -f bad.yaml');
    expect(code).toBe(1);
    expect(err).toContain('error: INVALID_OBJECT');
    for (const path of ['spec.replicas', 'spec.template.ports[0].target', 'spec.colour'])
      expect(err).toContain(`\n  ${path}: `);
    expect((await run('get service bad')).code).toBe(3);
  });

  test('a missing file and an invalid one are rejected with their names', async () => {
    expect(await run('apply -f none.yaml')).toMatchObject({
      code: 3,
      err: expect.stringContaining('file none.yaml not found'),
    });
    await file('broken.yaml', 'a: [');
    expect(await run('apply -f broken.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining('broken.yaml: '),
    });
    expect((await run('apply')).code).toBe(2);
  });

  test('fields that another manager has set are a conflict, unless they are taken over', async () => {
    await deploy('fought');
    await run('scale fought --replicas 1');
    const refused = await run('apply -f fought.yaml');
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('spec.replicas') });
    expect((await run('apply -f fought.yaml --force')).out).toBe('service/fought configured\n');
  });
});

test('`diff` exits with 1 and shows what would change, and with 0 when nothing would', async () => {
  await deploy('differs');
  expect(await run('diff -f differs.yaml')).toEqual({ code: 0, out: '', err: '' });
  await file('differs.yaml', serviceYaml('differs').replace('MODE: one', 'MODE: two'));
  const { code, out } = await run('diff -f differs.yaml');
  expect(code).toBe(1);
  expect(out).toContain('-      MODE: one\n+      MODE: two\n');
  expect(out).not.toContain('revision');
  await file('differs.yaml', 'kind: service\nmeta: { name: differs }\nspec: { nonsense: 1 }');
  expect((await run('diff -f differs.yaml')).code).toBe(2);
});

test('`plan` shows what would be started, and where, and changes nothing', async () => {
  await file('planned.yaml', serviceYaml('planned'));
  const { code, out } = await run('plan -f planned.yaml');
  expect(code).toBe(0);
  expect(out.split('\n')[0]?.split(/ {3,}/)).toEqual([
    'SERVICE',
    'CHANGE',
    'KEEP',
    'REPLACE',
    'STOP',
    'NEW',
    'UNPLACED',
    'NODES',
  ]);
  expect(out.split('\n')[1]?.split(/ {3,}/)).toEqual([
    'planned',
    'create',
    '0',
    '0',
    '0',
    '2',
    '0',
    expect.stringMatching(/^node-\d, node-\d$/),
  ]);
  expect((await run('get service planned')).code).toBe(3);
});

test('`plan` says of what fits nowhere why, and what would help', async () => {
  await file('huge.yaml', serviceYaml('huge', ', resources: { requests: { memory: 64Gi } }'));
  const { out } = await run('plan -f huge.yaml');
  expect(out).toContain('service/huge: 2 new tasks fit nowhere');
  expect(out).toContain('what would help:');
});

test('`create` rejects existing objects', async () => {
  await file('made.yaml', serviceYaml('made'));
  expect((await run('create -f made.yaml')).out).toBe('service/made created\n');
  expect(await run('create -f made.yaml')).toMatchObject({
    code: 4,
    err: expect.stringContaining('ALREADY_EXISTS'),
  });
});

describe('get', () => {
  beforeAll(() => deploy('shown'));

  test('a table has one line per object, with titles unless they are not wanted', async () => {
    const { out } = await run('get services shown');
    const [titles, row] = out.split('\n');
    expect(titles).toMatch(/^NAME +MODE +READY +UPDATED +STATE +IMAGE +PORTS +AGE$/);
    expect(row).toMatch(/^shown +replicated +2\/2 +2 +ready +registry\/shown:1 +<none> +\d+s$/);
    expect((await run('get services shown --no-headers')).out).toMatch(/^shown +replicated/);
    expect((await run('get svc shown -o wide')).out).toMatch(/TEMPLATE +NETWORKS +LABELS/);
  });

  test.each([
    ['get service/shown -o name', 'service/shown\n'],
    ['get svc shown -o jsonpath={.status.ready}', '2\n'],
    ['get svc -l app=shown -o name', 'service/shown\n'],
    ['get svc --field-selector spec.replicas=99 -o name', ''],
    ['get nodes -o name --sort-by .meta.name', 'node/node-1\nnode/node-2\n'],
    ['get nodes --limit 1 -o name', 'node/node-1\n'],
  ])('`%s` gives %j', async (line, out) => {
    expect(await run(line)).toMatchObject({ code: 0, out });
  });

  test('lists are one document; an object that was named is itself', async () => {
    expect(JSON.parse((await run('get nodes -o json')).out)).toMatchObject({
      kind: 'list',
      items: [{ kind: 'node' }, { kind: 'node' }],
    });
    expect(JSON.parse((await run('get node node-1 -o json')).out)).toMatchObject({
      kind: 'node',
      meta: { name: 'node-1' },
    });
  });

  test('several kinds are shown below each other, with their kinds before their names', async () => {
    const { out } = await run('get nodes,services');
    expect(out).toContain('node/node-1');
    expect(out).toContain('service/shown');
    expect((await run('get all')).out).toMatch(/task\/shown\.1\./);
  });

  test('a missing object exits with 3 and a suggestion, and the rest is shown', async () => {
    expect(await run('get service shwon')).toMatchObject({
      code: 3,
      err: expect.stringContaining('did you mean shown?'),
    });
    const some = await run('get service shown none-such');
    expect(some).toMatchObject({ code: 3, out: expect.stringContaining('shown') });
  });

  test('an unknown kind is a usage error with a suggestion', async () => {
    expect(await run('get servcies')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean services or service?'),
    });
  });

  test('nothing is said on standard error, so that it does not get into a pipe', async () => {
    expect(await run('get services -n unused')).toEqual({
      code: 0,
      out: '',
      err: 'No services in namespace unused.\n',
    });
    expect(JSON.parse((await run('get services -n unused -o json')).out)).toEqual({
      kind: 'list',
      items: [],
    });
  });

  test('namespaces keep apart, and -A shows all with theirs', async () => {
    await file('elsewhere.yaml', serviceYaml('elsewhere'));
    expect((await run('apply -f elsewhere.yaml -n team-a')).out).toBe('service/team-a/elsewhere created\n');
    expect((await run('get svc elsewhere')).err).toContain('did you mean team-a/elsewhere?');
    expect((await run('get svc -n team-a -o name')).out).toBe('service/elsewhere\n');
    expect((await run('get svc -A')).out).toMatch(/NAMESPACE +NAME[\s\S]*team-a +elsewhere/);
  });

  test('a watch shows existing objects and every change, until it is interrupted', async () => {
    const stop = new AbortController();
    let changed = false;
    const watching = run('get svc shown -w -o jsonpath={.spec.replicas}', {
      signal: stop.signal,
      onOut: (text) => {
        if (text.startsWith('2\n') && !changed) {
          changed = true;
          void bench.cluster.api.scale('shown', 3);
        }
        if (text.includes('3\n')) stop.abort();
      },
    });
    const { code, out } = await watching;
    expect(out).toMatch(/^2\n[\s\S]*3\n/);
    expect(code).toBe(130);
    await bench.cluster.api.scale('shown', 2);
  });
});

describe('describe and explain', () => {
  beforeAll(() => deploy('told'));

  test('a service is described with its template, conditions, tasks and events', async () => {
    const { out } = await run('describe service told');
    for (const part of [
      'Name:',
      'Image:',
      'registry/told:1',
      'MODE=one',
      'Conditions:',
      'Available',
      'Tasks:',
      'told.1.',
    ]) {
      expect(out).toContain(part);
    }
  });

  test('a node is described with its reservations and its events', async () => {
    const { out } = await run('describe node node-1');
    expect(out).toMatch(/RESOURCE +CAPACITY +PROMISED +SHARE/);
    expect(out).toContain('Registered');
  });

  test('a task is described with its template, and explained with the reason of its placement', async () => {
    const [task] = (await run('get tasks -l app=told -o jsonpath={.items[*].meta.name}')).out
      .trim()
      .split(' ');
    expect((await run(['describe', 'task', task as string])).out).toMatch(
      /Service: +told[\s\S]*State: +running[\s\S]*Image: +registry\/told:1/,
    );
    expect((await run(['explain', task as string])).out).toMatch(/^task\/told\.\S+: running on node-\d\n/);
    expect((await run('explain told')).out).toContain('scheduler spread');
  });

  test('a service that fits nowhere is explained with what would make it fit', async () => {
    await file('wide.yaml', serviceYaml('wide', ', resources: { requests: { memory: 64Gi } }'));
    await run('apply -f wide.yaml');
    const { out } = await run('explain service/wide');
    expect(out).toContain('Why not elsewhere:');
    expect(out).toContain('what would help:');
    expect(await run('rollout status wide --timeout 100ms')).toMatchObject({
      code: 124,
      err: expect.stringContaining('gantry explain service/wide'),
    });
    expect((await run('delete service wide')).code).toBe(0);
  });
});

describe('changes', () => {
  beforeEach(async () => {
    await run('delete service changed --ignore-not-found --timeout 4s');
    await deploy('changed');
  });

  test('scale takes NAME=COUNT and --replicas, and rejects unexpected arguments', async () => {
    expect((await run('scale changed=4 --wait --timeout 4s')).out).toContain('4 of 4 tasks are ready');
    expect((await run('scale service/changed --replicas 1')).out).toBe('service/changed scaled to 1\n');
    expect(await run('scale changed --replicas 2 --current-replicas 7')).toMatchObject({ code: 4 });
    expect(await run('scale changed')).toMatchObject({ code: 2 });
    expect(await run('scale changd=1')).toMatchObject({
      code: 3,
      err: expect.stringContaining('did you mean changed?'),
    });
  });

  test('set changes one thing and leaves the rest; rollout follows, lists and undoes it', async () => {
    expect((await run('set image changed registry/changed:2')).out).toBe('service/changed image updated\n');
    expect((await run('rollout status changed --timeout 4s')).code).toBe(0);
    expect((await run('set env changed MODE- EXTRA=1 --wait --timeout 4s')).code).toBe(0);
    expect((await run('set env changed --list')).out).toBe('EXTRA=1\n');
    expect((await run('set resources changed --requests cpu=100m,memory=16Mi')).code).toBe(0);
    expect((await run('get svc changed -o jsonpath={.spec.template.resources.requests}')).out).toBe(
      '{"cpu":100,"memory":16777216}\n',
    );
    await run('rollout status changed --timeout 4s');
    expect((await run('rollout history changed')).out).toMatch(
      /REVISION +TEMPLATE +IMAGE +REPLACED\n\d+ +\w+ +registry\/changed:2 +current\n(\d+ +\w+ +registry\/changed:2 +\d+s ago\n){2}\d+ +\w+ +registry\/changed:1 +\d+s ago\n/,
    );
    const first = (await run('rollout history changed -o jsonpath={.history[-1:].template}')).out.trim();
    expect((await run(`rollout undo changed --to ${first}`)).out).toBe('service/changed rolled back\n');
    expect((await run('rollout status changed --timeout 4s')).code).toBe(0);
    expect((await run('get svc changed -o jsonpath={.spec.template.image}')).out).toBe(
      'registry/changed:1\n',
    );
  });

  test('pause holds an update, resume continues it, restart replaces every task', async () => {
    await run('rollout pause changed');
    await run('set image changed registry/changed:3');
    expect((await run('rollout status changed --no-watch')).out).toMatch(/not been taken up|paused/);
    expect((await run('rollout resume changed')).out).toBe('service/changed resumed\n');
    expect((await run('rollout status changed --timeout 4s')).code).toBe(0);
    const before = (await run('get tasks -l app=changed --field-selector status.state=running -o name')).out;
    await run('rollout restart changed');
    await run('rollout status changed --timeout 4s');
    const after = (await run('get tasks -l app=changed --field-selector status.state=running -o name')).out;
    for (const name of after.trim().split('\n')) expect(before).not.toContain(name);
  });

  test('delete waits until it is gone', async () => {
    expect((await run('delete svc/changed --timeout 4s')).out).toBe('service/changed deleted\n');
    expect((await run('get svc changed')).code).toBe(3);
    expect((await run('delete svc changed')).code).toBe(3);
    expect((await run('delete -f changed.yaml --ignore-not-found')).code).toBe(0);
    expect(await run('delete svc')).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
  });
});

describe('nodes', () => {
  test('annotations are free text, set and removed key by key, and shown by describe and JSON', async () => {
    const why = 'kept for the audit: see "2030-01" = a,b';
    await run('apply -f -', { stdin: serviceYaml('noted') });
    expect((await run(['annotate', 'service', 'noted', `example.com/why=${why}`, 'tier=x'])).out).toBe(
      'service/noted annotated\n',
    );
    expect((await run('annotate service/noted tier=x')).out).toContain('nothing to change');
    expect(await run('annotate service noted tier=y')).toMatchObject({
      code: 4,
      err: expect.stringContaining('change it with --overwrite'),
    });
    expect((await run('annotate service noted tier- --dry-run')).out).toContain('annotated (dry run)');
    await run('annotate service noted tier-');
    const { meta } = JSON.parse((await run('get service noted -o json')).out);
    expect(meta.annotations).toEqual({ 'example.com/why': why });
    expect((await run('describe service noted')).out).toContain(`example.com/why=${why}`);
    expect((await run('apply -f -', { stdin: serviceYaml('noted') })).out).toBe('service/noted unchanged\n');
    const annotated = serviceYaml('noted').replace('meta: {', 'meta: { annotations: { note: new },');
    expect((await run('apply -f -', { stdin: annotated })).out).toBe('service/noted configured\n');
    expect(await run(['annotate', 'service', 'noted', `big=${'x'.repeat(256 * 1024)}`])).toMatchObject({
      code: 1,
      err: expect.stringContaining('meta.annotations: expected at most 262144 bytes in total'),
    });
    expect(await run('annotate task noted.1 a=b')).toMatchObject({ code: expect.any(Number) });
  });

  test('labels are set and removed, and not overwritten without a flag', async () => {
    expect((await run('label node node-1 zone=a tier=x')).out).toBe('node/node-1 labeled\n');
    expect((await run('label node/node-1 zone=a')).out).toContain('nothing to change');
    expect(await run('label node node-1 zone=b')).toMatchObject({
      code: 4,
      err: expect.stringContaining('--overwrite'),
    });
    await run('label node node-1 zone=b tier- --overwrite');
    expect((await run('get node node-1 -o jsonpath={.meta.labels}')).out).toBe('{"zone":"b"}\n');
  });

  test('taints are set and removed', async () => {
    expect((await run('taint node-2 dedicated=db:NoSchedule')).code).toBe(0);
    expect((await run('get node node-2 -o jsonpath={.spec.taints[0].key}')).out).toBe('dedicated\n');
    expect((await run('taint node-2 dedicated-')).code).toBe(0);
    expect((await run('get node node-2 -o jsonpath={.spec.taints}')).out).toBe('[]\n');
  });

  test('a drained node is empty; cordoned and uncordoned are its availability', async () => {
    await deploy('moved');
    const drained = await run('drain node-1 --timeout 4s');
    expect(drained).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^node\/node-1 drained: \d+ tasks moved away/),
    });
    const left = await run('get tasks -A --field-selector spec.node=node-1,status.state=running -o name');
    expect(left.out).toBe('');
    await run('uncordon node-1');
    await run('cordon node-1');
    expect((await run('get node node-1 -o jsonpath={.spec.availability}')).out).toBe('pause\n');
    await run('uncordon node-1');
    expect((await run('node update node-1 --availability drain')).out).toContain('drain');
    await run('node update node-1 --availability active --label-add a=b');
    expect((await run('node ls')).out).toContain('node-1');
    expect(await run('drain node-9')).toMatchObject({ code: 3 });
  });
});

test('logs are shown with the requested prefix in front of each line', async () => {
  await deploy('talks');
  expect((await run('logs talks')).code).toBe(0);
  expect(await run('logs talks --since 10m --since-time 2030-01-01')).toMatchObject({ code: 2 });
  expect(await run('logs talks --tail x')).toMatchObject({ code: 2 });
  expect(await run('logs tlaks')).toMatchObject({
    code: 3,
    err: expect.stringContaining('did you mean talks?'),
  });
});

test('events are shown in their order, and of one object alone', async () => {
  const { out } = await run('events --for node/node-1');
  expect(out).toMatch(/LAST +TYPE +REASON +OBJECT/);
  expect(out).toContain('node/node-1');
  expect(out).not.toContain('node/node-2');
});

test('wait exits with 0 when it holds and with 124 when it does not in time', async () => {
  await deploy('awaited');
  expect(await run('wait svc/awaited --for=condition=Available --timeout 2s')).toMatchObject({
    code: 0,
    out: 'service/awaited condition met\n',
  });
  expect((await run(['wait', 'svc', 'awaited', '--for=jsonpath={.status.ready}=2'])).code).toBe(0);
  expect(
    (await run(['wait', 'svc/awaited', '--for=jsonpath={.status.ready}=7', '--timeout', '50ms'])).code,
  ).toBe(124);
});

test('info, api-resources and version describe the cluster', async () => {
  expect((await run('info')).out).toMatch(/Cluster: +gantry\n/);
  expect((await run('api-resources -o name')).out).toContain('services\n');
  const version = JSON.parse((await run('version -o json')).out) as { client: { version: string } };
  expect(version).toMatchObject({ client: { version: '0.1.0' }, server: { cluster: 'gantry' } });
});

test('server and agent name missing options', async () => {
  expect(await run('server')).toMatchObject({ code: 2, err: expect.stringMatching(/--store/) });
  expect(await run('server --store oracle:x --nats nats://127.0.0.1:1')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/unknown store "oracle:x"[\s\S]*lmdb:FOLDER/),
  });
  expect(await run('server --store memory')).toMatchObject({ code: 2, err: expect.stringMatching(/--nats/) });
  expect(await run('agent --runtime fake')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/GANTRY_NATS/),
  });
  expect(await run('agent --runtime fake --label a --nats nats://x')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--label: expected KEY=VALUE/),
  });
});
