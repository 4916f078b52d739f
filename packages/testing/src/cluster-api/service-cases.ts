import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { isGantryError } from '@gantry/core';
import { isFinal } from '@gantry/core/model';
import { type ClusterApiCase, is, running, serviceOf } from './subject.ts';

export const serviceCases: readonly ClusterApiCase[] = [
  {
    name: 'wait takes a condition, a function, or deleted; it gives up after its time',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      const found = await context.within(
        api.wait('service', 'web', ({ status }) => status.ready === 1),
        'the function to hold',
      );
      strictEqual(found?.meta.name, 'web');
      const late = await context
        .within(api.wait('service', 'web', 'Nonsense', { timeoutMs: 50 }), 'the wait to give up')
        .catch((error: unknown) => error);
      ok(
        isGantryError(late, 'TIMEOUT') && late.message.includes('web'),
        `expected TIMEOUT, got ${String(late)}`,
      );
      await api.delete('service', 'web');
      await context.within(api.wait('service', 'web', 'deleted'), 'the service to go');
      await rejects(api.get('service', 'web'), is('NOT_FOUND'));
    },
  },
  {
    name: 'a condition counts only for the latest request',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs));
      await api.scale('web', 3);
      const found = await context.within(api.wait('service', 'web', 'Available'), 'three tasks');
      strictEqual(found?.status.ready, 3);
    },
  },
  {
    name: 'deleting a service ends its tasks',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs, { replicas: 2 }));
      await api.delete('service', 'web');
      await context.within(api.wait('service', 'web', 'deleted'), 'the service to go');
      await context.until(async () => (await api.list('task')).items.length === 0, 'its tasks to go');
    },
  },
  {
    name: 'restart replaces every task, rollback goes back to the previous template',
    async run(subject, context) {
      const { api, workloads } = subject;
      const update = { monitorMs: 50, parallelism: 0 };
      await running(subject, context, serviceOf('web', { ...workloads.runs, env: { V: '1' } }, { update }));
      await rejects(api.rollback('web'), is('NOT_FOUND'));
      const before = (await api.list('task')).items[0]?.meta.uid;
      await api.restart('web');
      await context.within(api.wait('service', 'web', 'Updated'), 'the restart');
      const live = (await api.list('task')).items.filter(({ status }) => !isFinal(status.state));
      notStrictEqual(live[0]?.meta.uid, before);
      await api.apply(serviceOf('web', { ...workloads.runs, env: { V: '2' } }, { update }));
      await context.within(api.wait('service', 'web', 'Updated'), 'the update');
      strictEqual((await api.rollback('web')).spec.template.env.V, '1');
      await context.within(api.wait('service', 'web', 'Updated'), 'the rollback');
    },
  },
  {
    name: 'a drained node has no tasks, and takes some again when it is active',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs, { replicas: 2 }));
      strictEqual((await api.setAvailability('node-1', 'drain')).spec.availability, 'drain');
      await context.until(async () => {
        const { items } = await api.list('task', { fields: 'spec.node=node-1' });
        return items.every(({ status }) => isFinal(status.state));
      }, 'node-1 to be empty');
      await context.within(api.wait('service', 'web', 'Available'), 'the tasks to be elsewhere');
      await api.setAvailability('node-1', 'active');
      await api.scale('web', 6);
      await context.within(
        api.wait('service', 'web', ({ status }) => status.ready === 6),
        'six tasks',
      );
      const { items } = await api.list('task', { fields: 'spec.node=node-1,status.state=running' });
      ok(items.length > 0, 'node-1 is active and has no task');
    },
  },
  {
    name: 'a task that fits nowhere is explained, and a plan says so in advance',
    async run({ api, workloads }, context) {
      const huge = { ...workloads.runs, resources: { requests: { memory: 2 ** 50 } } };
      const input = serviceOf('huge', huge, { replicas: 2 });
      const [planned] = await api.plan([input]);
      deepStrictEqual(
        [planned?.service, planned?.change, planned?.nodes, planned?.unplaced],
        ['huge', 'create', [], 2],
      );
      deepStrictEqual((await api.list('service')).items, []);
      await api.apply(input);
      const { placement } = await context.until(async () => {
        const explained = await api.explain('service', 'huge');
        return (explained.placement?.unplaced ?? 0) > 0 && explained;
      }, 'an explanation');
      strictEqual(placement?.filters[0]?.code, 'InsufficientMemory');
      strictEqual(planned?.placement?.filters[0]?.code, 'InsufficientMemory');
    },
  },
  {
    name: 'a plan of what runs already keeps it',
    async run(subject, context) {
      const input = serviceOf('web', subject.workloads.runs, { replicas: 2 });
      await running(subject, context, input);
      const [planned] = await subject.api.plan([input]);
      deepStrictEqual([planned?.change, planned?.keep, planned?.replace], ['unchanged', 2, 0]);
    },
  },
  {
    name: 'stats cover every running task, or those of one node',
    async run(subject, context) {
      const { api, workloads } = subject;
      await running(subject, context, serviceOf('web', workloads.runs, { replicas: 2 }));
      const stats = await context.until(async () => {
        const all = await api.stats();
        return all.length === 2 && all;
      }, 'stats of two tasks');
      ok(stats.every(({ cpuMs, memory, time }) => cpuMs >= 0 && memory >= 0 && time > 0));
      ok((await api.stats({ node: 'node-1' })).every(({ node }) => node === 'node-1'));
    },
  },
];
