import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type TemplateInput, type TemplateSpec, templateHash } from '../src/index.ts';
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
  stopSignal: { ...base, stopSignal: 'SIGINT' },
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
    expect(templateHash(parse({ image: 'web:1' }))).toMatchInlineSnapshot(`"8f703521ca0a70f6"`);
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

  test('is the same for what was filled in and for what was written out', () => {
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

  test('leaves out what is undefined', () => {
    expect(canonicalJson({ b: undefined, a: [1, undefined, null] })).toBe('{"a":[1,null,null]}');
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  return keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]).concat([['{}']]);
}
