/** What the holder of a token sees of secrets, and what one for a single namespace can do there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Served, serve } from './support/served.ts';

let served: Served;
const tokens = { viewer: '', operator: '', mixed: '', lookout: '' };
const REDACTED = '<redacted>';

const input = (namespace: string, name = 'web') => ({
  kind: 'service' as const,
  meta: { name, namespace },
  spec: {
    template: {
      image: 'registry.example.org/x:1',
      env: { MODE: 'one', TOKEN: 'secret-value' },
      logging: { options: { 'splunk-token': 'secret-value' } },
      ports: [{ target: 80 }],
      registryAuth: { username: 'u', password: 'secret-password' },
    },
  },
});

beforeAll(async () => {
  served = await serve({}, { nodes: 1 });
  const create = async (...grants: { role: 'viewer' | 'operator'; namespace: string }[]) =>
    (await served.client.tokens.create({ name: 'test', grants })).token;
  tokens.viewer = await create({ role: 'viewer', namespace: 'team-a' });
  tokens.operator = await create({ role: 'operator', namespace: 'team-a' });
  tokens.lookout = await create({ role: 'viewer', namespace: '*' });
  tokens.mixed = await create({ role: 'viewer', namespace: '*' }, { role: 'operator', namespace: 'team-a' });
  await served.client.applyAll([input('team-a'), input('team-b')]);
  for (const namespace of ['team-a', 'team-b'])
    await served.client.wait('service', `${namespace}/web`, 'Available');
});
afterAll(async () => served[Symbol.asyncDispose]());

type Client = ReturnType<Served['connect']>;
const as = (who: keyof typeof tokens): Client => served.connect(tokens[who]);

/** The value of TOKEN in the service of a namespace, by every way in which it can be read. */
async function seen(
  client: Client,
  namespace: string,
  all: boolean,
): Promise<readonly (string | undefined)[]> {
  const where = all ? {} : { namespace };
  const got = await client.get('service', `${namespace}/web`);
  const listed = (await client.list('service', where)).items.find(({ meta }) => meta.namespace === namespace);
  const stop = new AbortController();
  let watched: typeof got | undefined;
  for await (const batch of client.watch('service', { ...where, signal: stop.signal })) {
    watched = batch.map(({ object }) => object).find(({ meta }) => meta.namespace === namespace);
    if (watched !== undefined) break;
  }
  stop.abort();
  const template = await client.get('template', got.status.template);
  return [got.spec.template, listed?.spec.template, watched?.spec.template, template.spec].map(
    (each) => each?.env.TOKEN,
  );
}

const all = (value: string) => [value, value, value, value];

describe('the values of environment variables', () => {
  test('are shown to an operator, and their names to a viewer, by get, list, watch and template', async () => {
    expect(await seen(as('operator'), 'team-a', false)).toEqual(all('secret-value'));
    expect(await seen(as('viewer'), 'team-a', false)).toEqual(all(REDACTED));
    expect(await seen(as('lookout'), 'team-a', true)).toEqual(all(REDACTED));
    expect(await seen(served.client, 'team-b', true)).toEqual(all('secret-value'));
  });

  test('are shown by namespace to the holder of several grants', async () => {
    expect((await seen(as('mixed'), 'team-a', true)).slice(0, 3)).toEqual(all('secret-value').slice(1));
    expect((await seen(as('mixed'), 'team-b', true)).slice(0, 3)).toEqual(all(REDACTED).slice(1));
  });

  test('are redacted in changes that a viewer watches', async () => {
    const lines: string[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of as('viewer').watch('service', { namespace: 'team-a', signal: stop.signal }))
        lines.push(JSON.stringify(batch));
    })();
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    await as('operator').patch('service', 'team-a/web', { meta: { labels: { changed: 'yes' } } });
    await expect.poll(() => lines.join('')).toContain('"changed":"yes"');
    expect(lines.join('')).not.toContain('secret-value');
    expect(lines.join('')).toContain('splunk-token');
    stop.abort();
    await reading;
  });

  test('are kept when an object that a viewer read is applied', async () => {
    const { kind, meta, spec } = await as('viewer').get('service', 'team-a/web');
    expect(spec.template.env).toEqual({ MODE: REDACTED, TOKEN: REDACTED });
    const { name, namespace } = meta;
    const applied = await as('operator').apply({ kind, meta: { name, namespace }, spec } as never);
    expect((applied as typeof applied & { spec: typeof spec }).spec.template.env).toEqual({
      MODE: 'one',
      TOKEN: 'secret-value',
    });
    expect((await served.client.get('service', 'team-a/web')).meta.generation).toBe(1);
  });
});

test('a stored registry password does not go to another registry', async () => {
  const auth = { username: 'u', password: REDACTED };
  const image = 'evil.example.org/x:1';
  const change = { spec: { template: { image, registryAuth: auth } } };
  const wanted = { ...input('team-a'), spec: { template: { image, registryAuth: auth } } };
  for (const call of [
    () => as('operator').patch('service', 'team-a/web', change),
    () => as('operator').apply(wanted, { force: true }),
  ]) {
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [
        {
          path: 'spec.template.registryAuth.password',
          message: expect.stringContaining('supply the password'),
        },
      ],
    });
  }
});

test('the state says which secrets it has', async () => {
  const state = await served.client.state();
  expect(state.secrets?.join()).toMatch(
    /passwords of image registries.*environment variables.*hashes of access tokens/,
  );
});

describe('a token for one namespace', () => {
  test('sees the usage of the tasks of its namespace, and no others', async () => {
    const tasks = (await as('viewer').stats()).map(({ task }) => task);
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toMatch(/^team-a\//);
    expect(await served.client.stats()).toHaveLength(2);
  });

  test('gets an error that says which namespace to name, if it asks for all of them', async () => {
    await expect(as('viewer').list('task')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('only of team-a: name one'),
    });
  });

  test('sees the templates of its services only', async () => {
    const other = (
      await served.client.apply({
        ...input('team-b', 'other'),
        spec: { template: { image: 'y', env: { A: 'b' } } },
      })
    ).meta.name;
    await served.client.wait('service', `team-b/${other}`, 'Available');
    const { status } = await served.client.get('service', `team-b/${other}`);
    await expect(as('operator').get('template', status.template)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('reaches only the ports that a task declares', async () => {
    const [task] = (await served.client.list('task', { namespace: 'team-a' })).items;
    const id = `team-a/${task?.meta.name}`;
    const dialled = async (client: Client, port: number): Promise<unknown> => {
      for await (const _ of client.dial(id, { port, input: (async function* () {})() })) break;
      return undefined;
    };
    await expect(dialled(as('operator'), 22)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('port 22'),
    });
    await expect(dialled(as('viewer'), 80)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    // These pass the check of access, and fail because a fake task listens nowhere.
    const others = { code: expect.not.stringMatching('FORBIDDEN') };
    await expect(dialled(as('operator'), 80)).rejects.toMatchObject(others);
    await expect(dialled(served.client, 22)).rejects.toMatchObject(others);
  });
});
