/**
 * Everything that can reach an agent over the bus and is wrong: a request is rejected with a code, a reply is asked for
 * again, and the agent does not stop for it. The control plane: bus-input.test.ts.
 */
import { memoryBus } from '@gantry/bus-memory';
import { contracts } from '@gantry/core';
import { subjects } from '@gantry/core/protocol';
import { type ClusterMember, joinCluster } from '@gantry/host';
import { fakeNode } from '@gantry/presets/fake';
import { describe, expect, test } from 'vitest';

const names = subjects('gantry');
const STATUS = { state: 'running', since: 1, ready: true };
const REPLY = { revision: 1, full: true, assignments: [], removed: [], templates: {}, networks: {} };

/** A machine without a control plane: the test answers its agents. */
const machine = (): Promise<ClusterMember> =>
  joinCluster(fakeNode({ bus: memoryBus(), logLevel: 'silent' }), { nodes: 0 });

describe('an agent', () => {
  test.each([
    ['an unknown operation', { op: 'format' }],
    ['an operation of the prototype', { op: 'constructor' }],
    ['no operation', {}],
    ['nothing', null],
    ['a task that is an object', { op: 'logs', task: {}, follow: true }],
    ['a command that is text', { op: 'exec', task: 'x', command: 'ls' }],
    ['a command of numbers', { op: 'exec', task: 'x', command: [1] }],
    ['a user with NUL', { op: 'exec', task: 'x', command: ['id'], user: 'a\0' }],
    ['a user that is too long', { op: 'exec', task: 'x', command: ['id'], user: 'x'.repeat(300) }],
    ['a directory of numbers', { op: 'exec', task: 'x', command: ['id'], workingDir: [1] }],
    ['a port out of range', { op: 'dial', task: 'x', port: 1e9 }],
    ['a port that is NaN', { op: 'dial', task: 'x', port: Number.NaN }],
    ['data that is a number', { op: 'write', stream: 'x', data: 1, end: false }],
    ['a stream called ../x', { op: 'read', stream: '../x' }],
    ['a size of NaN', { op: 'resize', stream: 'x', columns: Number.NaN, rows: 1 }],
  ])('rejects a request with %s', async (_what, payload) => {
    await using own = await machine();
    const bus = own.get(contracts.bus);
    bus.respond(names.dispatch('node-1').register, async () => ({ heartbeatMs: 1000 }));
    bus.respond(names.dispatch('node-1').heartbeat, async () => ({ revision: 1 }));
    bus.respond(names.dispatch('node-1').pull, async () => REPLY);
    await own.addNode({ name: 'node-1' });
    await expect(bus.request(names.agent('node-1'), payload, { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
    });
  });

  const assigned = (fields: object): object => ({
    ...REPLY,
    assignments: [
      {
        name: 'a',
        service: 's',
        slot: '1',
        template: 't',
        desired: 'running',
        drained: false,
        status: STATUS,
        ...fields,
      },
    ],
  });

  test.each([
    ['nothing', null],
    ['a list', []],
    ['a revision that is NaN', { ...REPLY, revision: Number.NaN }],
    ['a revision as text', { ...REPLY, revision: '5' }],
    ['no assignments', { ...REPLY, assignments: undefined }],
    ['assignments that are text', { ...REPLY, assignments: 'all' }],
    ['an assignment that is null', { ...REPLY, assignments: [null] }],
    ['an assignment without a status', assigned({ status: undefined })],
    ['an assignment in an unknown state', assigned({ status: { ...STATUS, state: 'x' } })],
    ['an assignment that is desired to fly', assigned({ desired: 'flying' })],
    ['removed tasks that are numbers', { ...REPLY, removed: [1] }],
    ['templates that are null', { ...REPLY, templates: { t: null } }],
    ['networks that are a list', { ...REPLY, networks: [] }],
  ])('survives a reply to its pull that is %s, and asks again', async (_what, wrong) => {
    await agentSurvives({ pull: wrong });
  });

  test.each([
    ['register', null],
    ['register', { heartbeatMs: Number.NaN }],
    ['register', { heartbeatMs: 0 }],
    ['register', { heartbeatMs: 'soon' }],
    ['heartbeat', null],
    ['heartbeat', { revision: 'x' }],
    ['heartbeat', { revision: Number.NaN }],
  ])('survives a reply to its %s that is %j, and asks again', async (subject, wrong) => {
    await agentSurvives({ [subject]: wrong });
  });

  /** Starts an agent against a control plane whose first replies are wrong; it comes through all the same. */
  async function agentSurvives(wrong: Readonly<Record<string, unknown>>): Promise<void> {
    const right: Record<string, unknown> = {
      register: { heartbeatMs: 20 },
      heartbeat: { revision: 1 },
      pull: REPLY,
      report: { unknown: [] },
    };
    const asked: Record<string, number> = {};
    await using own = await machine();
    const bus = own.get(contracts.bus);
    for (const subject of Object.keys(right)) {
      bus.respond(names.dispatch('node-9')[subject as 'pull'], async () => {
        asked[subject] = (asked[subject] ?? 0) + 1;
        return (asked[subject] ?? 0) <= 2 && subject in wrong ? wrong[subject] : right[subject];
      });
    }
    await own.addNode({ name: 'node-9' });
    await expect.poll(() => asked.heartbeat ?? 0).toBeGreaterThan(4);
    for (const subject of Object.keys(wrong)) expect(asked[subject]).toBeGreaterThan(2);
  }
});
