import { readFile } from 'node:fs/promises';
import { isGantryError, type Scheduler } from '@gantry/core';
import { nodeView, roundOf, taskGroup } from '@gantry/testing';
import { expect, test } from 'vitest';
import { zoneSpreadScheduler } from '../src/zone-spread-scheduler.ts';

test('a service is even over the zones, however many nodes each has', () => {
  const scheduler = zoneSpreadScheduler({ label: 'rack' }).create({}) as Scheduler;
  const nodes = ['a', 'a', 'a', 'b'].map((rack, at) => nodeView(`node-${at}`, { labels: { rack } }));
  const placed = scheduler.place(roundOf(nodes, [taskGroup('web', 6)])).groups[0]?.nodes ?? [];
  expect(placed.filter((name) => name === 'node-3')).toHaveLength(3);
});

test('an option that does not exist is refused, with the name of the plugin', () => {
  const wrong = () => zoneSpreadScheduler({ lable: 'rack' } as never);
  expect(wrong).toThrow(expect.toSatisfy((error) => isGantryError(error, 'INVALID_OPTIONS')));
  expect(wrong).toThrow(/acme\/scheduler-zone-spread/);
});

test('a whole scheduler takes at most 25 lines', async () => {
  const source = await readFile(new URL('../src/zone-spread-scheduler.ts', import.meta.url), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
});
