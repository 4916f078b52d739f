import type { Entry, ViewEvent } from '@gantry/core/contracts';
import type { Task } from '@gantry/core/model';
import { subjects } from '@gantry/core/protocol';
import { describe, expect, test } from 'vitest';
import { publicationsOf } from '../src/events/cloud-events.ts';
import { node, service, task } from './support/objects.ts';

const told = (...events: readonly ViewEvent<'task' | 'node' | 'event'>[]) => [
  ...publicationsOf(events, 'shop', subjects('shop')),
];
const entry = <T extends Task>(value: T, revision = 1): Entry<T> => ({ key: 'k', value, revision });

describe('a publication', () => {
  const web = service({ template: { image: 'a' } });
  const running = task(web, { slot: '1', status: { state: 'running', since: 1_700_000_000_000 } });

  test('a task is published as a CloudEvent when it runs and when it has ended', () => {
    const [first, ...rest] = told({
      kind: 'task',
      name: 'web.1.1',
      before: entry(task(web, { slot: '1', status: { state: 'starting' } })),
      after: entry(running),
    });
    expect(rest).toEqual([]);
    expect(first?.subject).toBe('gantry.shop.events.default.task.running');
    expect(first?.event).toEqual({
      specversion: '1.0',
      id: `${running.meta.uid}.running`,
      source: '/gantry/shop',
      type: 'io.gantry.task.running',
      subject: 'default/web.1.1',
      time: '2023-11-14T22:13:20.000Z',
      datacontenttype: 'application/json',
      data: expect.objectContaining({ service: 'web', slot: '1', state: 'running' }),
    });
  });

  test('neither passing states nor what changes within one', () => {
    const starting = entry(task(web, { slot: '1', status: { state: 'starting' } }));
    expect(told({ kind: 'task', name: 'web.1.1', before: undefined, after: starting })).toEqual([]);
    expect(told({ kind: 'task', name: 'web.1.1', before: entry(running), after: entry(running, 2) })).toEqual(
      [],
    );
    expect(told({ kind: 'task', name: 'web.1.1', before: entry(running), after: undefined })).toEqual([]);
  });

  test('a node is published when it joins and when it leaves', () => {
    const after = { key: 'k', value: node('n1'), revision: 1 };
    const [came] = told({ kind: 'node', name: 'n1', before: undefined, after });
    expect(came?.event).toMatchObject({ type: 'io.gantry.node.ready', subject: 'default/n1' });
  });
});
