import { describe, expect, test } from 'vitest';
import { serviceKind } from '../src/model/kinds/service-kind.ts';
import { registryOf } from '../src/model/kinds/template-secrets.ts';
import { REDACTED } from '../src/model/template.ts';

const stored = {
  template: {
    image: 'registry.example.org/team/web:1',
    registryAuth: { username: 'u', password: 'stored' },
    env: { MODE: 'one', TOKEN: 'secret' },
  },
};
const keep = (template: object, current: object | undefined = stored) =>
  serviceKind.secrets?.keep?.({ template } as never, current as never) as unknown as {
    template: Record<string, unknown>;
  };
const auth = { username: 'u', password: REDACTED };

describe('a redacted password', () => {
  test.each([
    ['the same image', { image: 'registry.example.org/team/web:1' }],
    ['another image of the same registry', { image: 'registry.example.org/other:2' }],
    ['the same registry in capitals', { image: 'Registry.Example.org/other:2' }],
    ['no image, which keeps the stored one', {}],
  ])('keeps the stored one with %s', (_what, template) => {
    expect(keep({ ...template, registryAuth: auth }).template.registryAuth).toEqual(
      stored.template.registryAuth,
    );
  });

  test.each([
    [
      'another registry',
      { image: 'evil.example.org/team/web:1' },
      'is for registry registry.example.org, not for evil.example.org',
    ],
    ['another port', { image: 'registry.example.org:5000/team/web:1' }, 'not for registry.example.org:5000'],
    ['Docker Hub', { image: 'team/web' }, 'not for docker.io'],
    ['a subdomain', { image: 'x.registry.example.org/web' }, 'not for x.registry.example.org'],
    [
      'a name that begins like it',
      { image: 'registry.example.org.evil.org/web' },
      'not for registry.example.org.evil.org',
    ],
    ['localhost', { image: 'localhost/web' }, 'not for localhost'],
  ])('is INVALID_OBJECT with %s', (_what, template, reason) => {
    expect(() => keep({ ...template, registryAuth: auth })).toThrowError(
      expect.objectContaining({
        code: 'INVALID_OBJECT',
        message: expect.stringContaining(reason),
        issues: [expect.objectContaining({ path: 'spec.template.registryAuth.password' })],
      }),
    );
  });

  test('is INVALID_OBJECT where none is stored, or another user asks', () => {
    const template = { image: 'registry.example.org/web', registryAuth: auth };
    expect(() => keep(template, {})).toThrow('supply it');
    expect(() => keep(template, { template: { image: 'x' } })).toThrow('supply it');
    expect(() => keep({ ...template, registryAuth: { ...auth, username: 'other' } })).toThrow(
      'of user "other"',
    );
  });
});

describe('a redacted variable', () => {
  test('keeps its stored value beside others', () => {
    expect(keep({ env: { MODE: 'two', TOKEN: REDACTED } }).template.env).toEqual({
      MODE: 'two',
      TOKEN: 'secret',
    });
  });

  test('is INVALID_OBJECT where no value is stored', () => {
    for (const name of ['NEW', 'constructor', 'toString']) {
      expect(() => keep({ env: { [name]: REDACTED } })).toThrowError(
        expect.objectContaining({
          code: 'INVALID_OBJECT',
          issues: [{ path: `spec.template.env.${name}`, message: expect.stringContaining('supply it') }],
        }),
      );
    }
  });
});

describe('a redacted option of a log driver', () => {
  const options = { url: 'https://logs.example.org', token: 'secret' };
  const current = { template: { logging: { driver: 'splunk', options } } };
  const keepIt = (logging: object) => keep({ logging }, current).template.logging;

  test('keeps its stored value where the driver and the other options stay the same', () => {
    expect(keepIt({ driver: 'splunk', options: { ...options, token: REDACTED } })).toEqual({
      driver: 'splunk',
      options,
    });
  });

  test.each([
    ['another address', { driver: 'splunk', options: { url: 'https://evil.example.org', token: REDACTED } }],
    ['another driver', { driver: 'gelf', options: { ...options, token: REDACTED } }],
    ['another option', { driver: 'splunk', options: { ...options, token: REDACTED, insecure: 'true' } }],
    ['an option left out', { driver: 'splunk', options: { token: REDACTED } }],
  ])('is INVALID_OBJECT with %s', (_what, logging) => {
    expect(() => keepIt(logging)).toThrowError(
      expect.objectContaining({
        issues: [
          {
            path: 'spec.template.logging.options.token',
            message: expect.stringContaining('supply it'),
          },
        ],
      }),
    );
  });
});

test.each([
  [undefined, 'docker.io'],
  ['nginx', 'docker.io'],
  ['team/web:1', 'docker.io'],
  ['docker.io/library/nginx', 'docker.io'],
  ['index.docker.io/x', 'docker.io'],
  ['localhost/x', 'localhost'],
  ['localhost:5000/x', 'localhost:5000'],
  ['a.b/x', 'a.b'],
])('the registry of image %s is %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry);
});
