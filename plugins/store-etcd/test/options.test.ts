import { expect, test } from 'vitest';
import { etcdStore } from '../src/index.ts';
import { optionsSchema, parseEndpoint } from '../src/options.ts';

test('the default is the etcd of this machine', () => {
  expect(optionsSchema.parse({})).toEqual({
    endpoints: [{ name: '127.0.0.1:2379', secure: false }],
    prefix: '/gantry/',
    login: undefined,
    tls: {},
    timeoutMs: 5000,
  });
});

test.each([
  ['http://etcd-0', { name: 'etcd-0:2379', secure: false }],
  ['https://10.0.0.1:80/', { name: '10.0.0.1:80', secure: true }],
  ['http://[::1]:2379', { name: '[::1]:2379', secure: false }],
])('%s is an endpoint', (url, endpoint) => {
  expect(parseEndpoint(url)).toEqual(endpoint);
});

test('an endpoint that is named twice is one', () => {
  expect(
    optionsSchema.parse({ endpoints: ['http://a', 'http://a:2379/', 'http://b'] }).endpoints,
  ).toHaveLength(2);
});

test.each([
  ['endpoints', { endpoints: 'etcd:2379' }],
  ['endpoints', { endpoints: [] }],
  ['endpoints', { endpoints: 'http://host:70000' }],
  ['endpoints', { endpoints: 'http://host', tls: {} }],
  ['prefix', { prefix: '/gantry' }],
  ['prefix', { prefix: '' }],
  ['password', { user: 'a' }],
  ['user', { password: 'a' }],
  ['tls.key', { endpoints: 'https://host', tls: { cert: 'a.pem' } }],
  ['tls.cert', { endpoints: 'https://host', tls: { key: 'a.pem' } }],
  ['timeoutMs', { timeoutMs: 0 }],
])('%s is rejected by name in %j', (path, options) => {
  expect(() => etcdStore(options)).toThrowError(path);
});

test('a password in a url is rejected without revealing it', () => {
  const make = () => etcdStore({ endpoints: 'http://user:s3cret@host:2379' });
  expect(make).toThrowError(/without a user/);
  expect(make).not.toThrowError(/s3cret/);
});
