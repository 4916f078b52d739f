import { contract, contractMany, GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { Scope } from '../src/scope.ts';

const a = contract<{ readonly id: string }>('scope-a');
const b = contract<{ readonly id: string }>('scope-b');
const many = contractMany<string>('scope-many');
const perNode = contract<string>('scope-node', { scope: 'node' });

describe('a scope', () => {
  test('builds a thing when it is asked for, and once', () => {
    const scope = new Scope('cluster');
    let built = 0;
    scope.bind(a, 'pa', () => ({ id: String(++built) }));
    expect(built).toBe(0);
    expect(scope.get(a)).toBe(scope.get(a));
    expect(built).toBe(1);
  });

  test('remembers its components in the order of needs', () => {
    const scope = new Scope('cluster');
    scope.bind(a, 'pa', (owner) => ({ id: `a of ${owner.get(b).id}` }));
    scope.bind(b, 'pb', () => ({ id: 'b' }));
    expect(scope.get(a).id).toBe('a of b');
    expect(scope.built.map(({ plugin }) => plugin)).toEqual(['pb', 'pa']);
  });

  test('something that is undefined is built once too', () => {
    const scope = new Scope('cluster');
    let built = 0;
    scope.bind(a, 'pa', () => void built++);
    scope.get(a);
    scope.get(a);
    expect(built).toBe(1);
  });

  test('gives all of a contract of many, in the order of their plugins, or an empty list', () => {
    const scope = new Scope('cluster');
    expect(scope.get(many)).toEqual([]);
    for (const name of ['x', 'y', 'z']) scope.bind(many, name, () => name);
    expect(scope.get(many)).toEqual(['x', 'y', 'z']);
  });

  test('throws WIRING for a contract without a provider', () => {
    expect(() => new Scope('cluster').get(a)).toThrowError(
      expect.objectContaining({ code: 'WIRING', message: 'no plugin provides "scope-a"' }),
    );
  });

  test('a cycle is WIRING with its chain', () => {
    const scope = new Scope('cluster');
    scope.bind(a, 'pa', (owner) => owner.get(b));
    scope.bind(b, 'pb', (owner) => owner.get(a));
    expect(() => scope.get(a)).toThrowError(
      expect.objectContaining({ code: 'WIRING', message: 'cycle: pa → pb → pa' }),
    );
  });

  test('a build that throws names its plugin, and may be tried again', () => {
    const scope = new Scope('cluster');
    let broken = true;
    scope.bind(a, 'pa', () => {
      if (broken) throw new Error('boom');
      return { id: 'a' };
    });
    scope.bind(b, 'pb', (owner) => owner.get(a));
    const named = { code: 'INTERNAL', message: 'pa: create failed: boom' };
    expect(() => scope.get(b)).toThrowError(expect.objectContaining(named));
    broken = false;
    expect(scope.get(b).id).toBe('a');
  });

  test('keeps the code of a GantryError, and names the plugin that threw it', () => {
    const scope = new Scope('cluster');
    scope.bind(a, 'pa', () => {
      throw new GantryError('UNSUPPORTED', 'no such engine');
    });
    scope.bind(b, 'pb', (owner) => owner.get(a));
    expect(() => scope.get(b)).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED', message: 'pa: create failed: no such engine' }),
    );
  });
});

describe('the scope of a node', () => {
  test('sees the contracts of the cluster, which the cluster builds and owns', () => {
    const cluster = new Scope('cluster');
    const node = new Scope('node', cluster);
    cluster.bind(a, 'pa', () => ({ id: 'a' }));
    expect(node.get(a)).toBe(cluster.get(a));
    expect(cluster.built).toHaveLength(1);
    expect(node.built).toEqual([]);
  });

  test('has its own of what belongs to a node', () => {
    const cluster = new Scope('cluster');
    const nodes = ['n1', 'n2'].map((name) => {
      const node = new Scope('node', cluster);
      node.bind(perNode, 'p', () => name);
      return node;
    });
    expect(nodes.map((node) => node.get(perNode))).toEqual(['n1', 'n2']);
    expect(cluster.built).toEqual([]);
  });

  test('keeps a node-scoped contract unavailable outside of a node', () => {
    expect(() => new Scope('cluster').get(perNode)).toThrowError(
      expect.objectContaining({ code: 'WIRING', message: expect.stringContaining('belongs to a node') }),
    );
  });

  test('two scopes without a parent share nothing', () => {
    const [one, two] = [new Scope('cluster'), new Scope('cluster')];
    one.bind(a, 'pa', () => ({ id: '1' }));
    two.bind(a, 'pa', () => ({ id: '2' }));
    expect([one.get(a).id, two.get(a).id]).toEqual(['1', '2']);
    expect(() => new Scope('cluster').get(a)).toThrowError();
  });
});
