import { describe, expect, test } from 'vitest';
import { findField, parseFieldPath } from '../src/cluster/find-field.ts';

describe('a field path', () => {
  test.each([
    ['service.spec.update.monitorMs', { kind: 'service', names: ['spec', 'update', 'monitorMs'] }],
    ['svc.spec.template.ports[0].target', { kind: 'svc', names: ['spec', 'template', 'ports', 'target'] }],
    ['service.status', { kind: 'service', names: ['status'] }],
  ])('is read from %s', (word, path) => {
    expect(parseFieldPath(word)).toEqual(path);
  });

  test.each(['service', 'service/web', 'web.1.k2x9f0ab', 'spec.update', 'service.'])('is not %s', (word) => {
    expect(parseFieldPath(word)).toBeUndefined();
  });
});

describe('the schema of a field', () => {
  test('may refer to itself, as that of any JSON value does', () => {
    const json = {
      anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#/components/schemas/json' } }],
    };
    const schemas = {
      json,
      note: {
        properties: { spec: { properties: { body: { $ref: '#/components/schemas/json' } } } },
      },
    };
    expect(findField(schemas, 'note', ['spec', 'body'])).toMatchObject({ path: 'spec.body', fields: [] });
    expect(() => findField(schemas, 'note', ['spec', 'body', 'title'])).toThrow('field "spec.body.title"');
  });
});
