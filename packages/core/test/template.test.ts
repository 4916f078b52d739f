import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type TemplateInput, type TemplateSpec, templateHash } from '../src/model/index.ts';
import { templateSchema } from '../src/model/template.ts';

const base: TemplateInput = {
  image: 'web:1',
  command: ['serve'],
  args: ['--port', '80'],
  env: { A: '1', B: '2' },
  workingDir: '/srv',
  user: 'app',
  labels: { tier: 'front' },
  registryAuth: { username: 'u', password: 'p' },
  resources: { requests: { cpu: 100, memory: '64Mi' }, limits: { memory: '128Mi' } },
  ports: [{ target: 80, published: 8080 }],
  networks: ['front'],
  mounts: [{ type: 'tmpfs', target: '/tmp' }],
  healthChecks: { readiness: { http: { port: 80 } } },
};
const parse = (input: TemplateInput): TemplateSpec => templateSchema.parse(input);

/** One change of each field. */
const changes: { readonly [Field in keyof TemplateSpec]-?: TemplateInput } = {
  image: { ...base, image: 'web:2' },
  command: { ...base, command: ['serve', 'x'] },
  args: { ...base, args: ['80', '--port'] },
  env: { ...base, env: { A: '1', B: '3' } },
  workingDir: { ...base, workingDir: '/' },
  user: { ...base, user: 'app:app' },
  labels: { ...base, labels: {} },
  pullPolicy: { ...base, pullPolicy: 'always' },
  registryAuth: { ...base, registryAuth: { username: 'u', password: 'q' } },
  resources: { ...base, resources: { requests: { cpu: 101, memory: '64Mi' }, limits: { memory: '128Mi' } } },
  ports: { ...base, ports: [{ target: 80, published: 8081 }] },
  networks: { ...base, networks: [{ name: 'front', aliases: ['www'] }] },
  mounts: { ...base, mounts: [{ type: 'tmpfs', target: '/tmp', size: 1 }] },
  logging: { ...base, logging: { options: { 'max-size': '10m' } } },
  stopSignal: { ...base, stopSignal: 'SIGINT' },
  init: { ...base, init: true },
  stopGraceMs: { ...base, stopGraceMs: 1 },
  drainMs: { ...base, drainMs: 1 },
  healthChecks: { ...base, healthChecks: { readiness: { http: { port: 80, path: '/x' } } } },
};

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, field]) => [key, shuffled(field)]),
  );
}

describe('the name of a template', () => {
  test('is 16 hex digits', () => {
    expect(templateHash(parse(base))).toMatch(/^[0-9a-f]{16}$/);
  });

  test('stays the same: templates that are stored keep their names', () => {
    expect(templateHash(parse({ image: 'web:1' }))).toMatchInlineSnapshot(`"1e718ed54052bc74"`);
  });

  test('does not depend on the order of keys, nor on fields that are undefined', () => {
    const spec = parse(base);
    expect(templateHash(shuffled(spec) as TemplateSpec)).toBe(templateHash(spec));
    expect(templateHash({ ...parse({ image: 'x' }), user: undefined })).toBe(
      templateHash(parse({ image: 'x' })),
    );
  });

  test.each(Object.entries(changes))('changes with %s', (_field, changed) => {
    expect(templateHash(parse(changed))).not.toBe(templateHash(parse(base)));
  });

  test('is the same for defaulted and for explicit values', () => {
    const spec = parse({ image: 'web:1' });
    expect(templateHash(parse(spec as TemplateInput))).toBe(templateHash(spec));
  });

  test('a template that was validated is valid, and validating it again changes nothing', () => {
    for (const input of [base, ...Object.values(changes)]) {
      const spec = parse(input);
      expect(parse(spec as TemplateInput)).toEqual(spec);
    }
  });
});

/** The paths of what is wrong with a template; none if it is valid. */
function wrong(input: TemplateInput): readonly string[] {
  const { error } = templateSchema.safeParse({ image: 'web:1', ...input });
  return (error?.issues ?? []).map(({ path }) => path.join('.'));
}

describe('a template', () => {
  test('has no init process, the stop signal of its image, and the health check of its image unless it says so', () => {
    const { init, stopSignal, healthChecks } = parse({ image: 'web:1' });
    expect({ init, stopSignal, healthChecks }).toEqual({
      init: false,
      stopSignal: undefined,
      healthChecks: { image: true },
    });
  });

  test.each([
    ['a rule of a proxy', { 'traefik.http.routers.w.rule': 'Host(`a.example`) || PathPrefix(`/x`)' }],
    ['an index in its key', { 'traefik.http.routers.w.tls.domains[0].main': 'a.example' }],
    [
      'a key of 80 characters',
      { 'traefik.http.middlewares.longname.headers.customrequestheaders.X-Forwarded-Proto': 'https' },
    ],
    ['letters of other alphabets', { 'größe & co': 'Größe & co' }],
    ['an empty value, and a long one', { a: '', b: 'x'.repeat(5000) }],
    ['a space, a slash and an equals sign in its key', { 'a b/c=d': '1' }],
  ])('carries labels that are free text: %s', (_what, labels) => {
    expect(wrong({ labels })).toEqual([]);
    expect(parse({ image: 'web:1', labels }).labels).toEqual(labels);
  });

  test.each([
    ['an empty key', { labels: { '': 'x' } }, 'labels.'],
    ['a NUL in a key', { labels: { 'a\0b': 'x' } }, 'labels.a\0b'],
    ['an empty variable name', { env: { '': 'x' } }, 'env.'],
    ['a variable name with "="', { env: { 'A=B': 'x' } }, 'env.A=B'],
    ['a NUL in a variable name', { env: { 'A\0': 'x' } }, 'env.A\0'],
    ['a NUL in a variable', { env: { A: 'x\0' } }, 'env.A'],
    ['a NUL in an argument', { args: ['x\0'] }, 'args.0'],
    ['a NUL in a command', { command: ['x\0'] }, 'command.0'],
    ['a NUL in a path', { mounts: [{ type: 'tmpfs', target: '/a\0' }] }, 'mounts.0.target'],
    ['a network with a space', { networks: ['a b'] }, 'networks.0'],
    ['a network that begins with a dash', { networks: ['-a'] }, 'networks.0'],
    ['a limit of no processes', { resources: { limits: { pids: 0 } } }, 'resources.limits.pids'],
  ] satisfies [string, TemplateInput, string][])('is rejected with %s', (_what, input, path) => {
    expect(wrong(input)).toEqual([path]);
  });

  test.each([
    ['variables of any name', { env: { '1A': 'x', 'my-app.key': 'y', größe: 'z', ' ': '' } }],
    ['networks named as in Docker', { networks: ['My_Net.1', 'a', '0-x'] }],
    ['real-time signals', { stopSignal: 'SIGRTMIN+3' }],
    ['a limit of processes', { resources: { limits: { pids: 100 } } }],
  ] satisfies [string, TemplateInput][])('may have %s', (_what, input) => {
    expect(wrong(input)).toEqual([]);
  });
});

describe('canonical JSON', () => {
  test('reads back as the value that JSON itself gives', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('is the same for equal values, and only for these', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(canonicalJson(shuffled(a))).toBe(canonicalJson(a));
        const equal = canonicalJson(a) === canonicalJson(b);
        expect(equal).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  test('omits undefined values', () => {
    expect(canonicalJson({ b: undefined, a: [1, undefined, null] })).toBe('{"a":[1,null,null]}');
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]).concat([['{}']]);
}
