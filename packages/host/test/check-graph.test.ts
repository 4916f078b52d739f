import { contract, contracts, isGantryError, type Plugin } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { checkGraph } from '../src/check-graph.ts';
import { plugin } from './support/plugins.ts';

const options = { given: [contracts.cluster], needed: [contracts.clock] };
const clock = plugin('clock-test', contracts.clock);
const a = contract<unknown>('a');
const b = contract<unknown>('b');
const c = contract<unknown>('c');

function problems(...plugins: readonly Plugin[]): readonly string[] {
  try {
    checkGraph(plugins, options);
  } catch (error) {
    if (!isGantryError(error, 'WIRING')) throw error;
    const messages = error.issues.map(({ message }) => message);
    expect(error.message).toBe(messages.join('; '));
    return messages;
  }
  return [];
}

describe('the graph of plugins', () => {
  test('is right when every need is provided, given, or a contract of many', () => {
    const needs = { clock: contracts.clock, cluster: contracts.cluster, kinds: contracts.kind };
    expect(problems(clock, plugin('x', a, undefined, needs))).toEqual([]);
  });

  test('lacks a contract that the host itself needs', () => {
    expect(problems()).toEqual(['the host needs "clock", which no plugin provides']);
  });

  test('names all plugins that need a missing contract', () => {
    const needs = { store: contracts.store };
    expect(problems(clock, plugin('x', a, undefined, needs), plugin('y', b, undefined, needs))).toEqual([
      'x, y need "store", which no plugin provides',
    ]);
  });

  test('has one provider for a contract, and any number for a contract of many', () => {
    expect(problems(clock, plugin('x', a), plugin('y', a))).toEqual(['"a" is provided by x and y']);
    expect(problems(clock, plugin('x', contracts.controller), plugin('y', contracts.controller))).toEqual([]);
  });

  test('has no name twice', () => {
    expect(problems(clock, plugin('x', contracts.controller), plugin('x', contracts.controller))).toEqual([
      'plugin x is listed 2 times',
    ]);
    expect(problems(clock, plugin('x', a), plugin('x', a))).toEqual(['plugin x is listed 2 times']);
  });

  test('neither the cluster nor a node can need what only the leader has, and the leader nothing of a node', () => {
    const events = plugin('events-test', contracts.events);
    const runtime = plugin('runtime-test', contracts.runtime);
    const component = plugin('c', contracts.component, undefined, { events: contracts.events });
    const agent = plugin('n', contracts.agent, undefined, { events: contracts.events });
    const duty = plugin('l', contracts.leaderComponent, undefined, {
      events: contracts.events,
      clock: contracts.clock,
      runtime: contracts.runtime,
    });
    expect(problems(clock, events, runtime, component, agent, duty)).toEqual([
      'c lives once per cluster and cannot need "events", which only the leader has',
      'n lives once per node and cannot need "events", which only the leader has',
      'l lives as long as a process leads and cannot need "runtime", which each node has its own of',
    ]);
  });

  test('a part of the cluster or the leader cannot need what each machine has, and a machine nothing of a node', () => {
    const found = problems(
      clock,
      plugin('network', contracts.network),
      plugin('runtime', contracts.runtime),
      plugin('c', contracts.component, undefined, { network: contracts.network }),
      plugin('l', contracts.leaderComponent, undefined, { network: contracts.network }),
      plugin('m', contracts.machineComponent, undefined, { runtime: contracts.runtime }),
      plugin('a', contracts.agent, undefined, { network: contracts.network, runtime: contracts.runtime }),
    );
    expect(found).toEqual([
      'c lives once per cluster and cannot need "network", which each machine has its own of',
      'l lives as long as a process leads and cannot need "network", which each machine has its own of',
      'm lives once per machine and cannot need "runtime", which each node has its own of',
    ]);
  });

  test('a part of the cluster cannot need what each node has its own of', () => {
    const component = plugin('x', contracts.component, undefined, { runtime: contracts.runtime });
    const runtime = plugin('runtime-test', contracts.runtime);
    expect(problems(clock, runtime, component)).toEqual([
      expect.stringContaining('x lives once per cluster'),
    ]);
  });

  test('a component of a node may need contracts of the cluster', () => {
    expect(problems(clock, plugin('r', contracts.runtime, undefined, { clock: contracts.clock }))).toEqual(
      [],
    );
  });

  test('reports a cycle with its chain, once', () => {
    const found = problems(
      clock,
      plugin('pa', a, undefined, { b }),
      plugin('pb', b, undefined, { c }),
      plugin('pc', c, undefined, { a }),
    );
    expect(found).toEqual(['cycle: pa → pb → pc → pa']);
  });

  test('one that needs itself is a cycle too, also through a contract of many', () => {
    expect(problems(clock, plugin('pa', a, undefined, { a }))).toEqual(['cycle: pa → pa']);
    const self = plugin('x', contracts.component, undefined, { all: contracts.component });
    expect(problems(clock, self)).toEqual(['cycle: x → x']);
  });

  test.each([
    ['a factory that was not called', () => clock],
    ['nothing', undefined],
    ['null', null],
    ['a plain object', {}],
    ['a list', [clock]],
  ])('reports %s as an invalid plugin, with its place', (_what, wrong) => {
    expect(problems(clock, wrong as unknown as Plugin)).toEqual([
      'plugins[1] is not a plugin: was its factory called?',
    ]);
  });

  test('reports all problems in one message', () => {
    const found = problems(
      plugin('pa', a, undefined, { b, store: contracts.store }),
      plugin('pb', b, undefined, { a }),
      plugin('pc', c),
      plugin('pd', c),
      plugin('pd', contracts.component, undefined, { node: contracts.node }),
    );
    expect(found).toEqual([
      expect.stringContaining('plugin pd is listed 2 times'),
      expect.stringContaining('"c" is provided by pc and pd'),
      expect.stringContaining('the host needs "clock"'),
      expect.stringContaining('pa needs "store"'),
      expect.stringContaining('pd needs "node"'),
      expect.stringContaining('pd lives once per cluster'),
      expect.stringContaining('cycle: pa → pb → pa'),
    ]);
  });
});
