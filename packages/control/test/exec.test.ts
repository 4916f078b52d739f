import type { Bus, Views } from '@gantry/core';
import type { ExecOptions } from '@gantry/core/api';
import type { Node, Task } from '@gantry/core/model';
import { subjects } from '@gantry/core/protocol';
import { expect, test } from 'vitest';
import { execInTask } from '../src/api/exec.ts';

const task = {
  meta: { name: 'web.1', namespace: 'default' },
  spec: { node: 'n1' },
  status: { state: 'running' },
} as unknown as Task;

/** Opens an exec at a node with these features; the requests that reached its agent. */
async function ask(options: Partial<ExecOptions>, features: readonly string[] | undefined) {
  const requests: unknown[] = [];
  const bus = {
    async request(_subject: string, request: unknown) {
      requests.push(request);
      return { stream: 's', accepted: true, items: [], done: true, exitCode: 0 };
    },
  } as unknown as Bus;
  const node = { status: { attributes: { runtime: 'odd' }, features } } as unknown as Node;
  const views = { of: () => ({ get: () => ({ value: node }) }) } as unknown as Views;
  const parts = { bus, views, subjects: subjects('c') };
  const call = execInTask(parts, task, { command: ['id'], ...options });
  return { call, requests };
}

test.each<[string, Partial<ExecOptions>, readonly string[] | undefined, string]>([
  ['of an earlier version', { user: 'root' }, undefined, 'exec.user'],
  ['without the feature', { user: 'root' }, ['exec', 'exec.workingDir'], 'exec.user'],
  ['with one of two features', { user: 'root', workingDir: '/' }, ['exec', 'exec.user'], 'exec.workingDir'],
])(
  'a node %s is never asked to run a command otherwise than it can',
  async (_what, options, features, missing) => {
    const { call, requests } = await ask(options, features);
    await expect(call).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(
        new RegExp(`^exec in task web.1: node "n1" .*runtime "odd".*"${missing}"`),
      ),
      details: { task: 'web.1', node: 'n1', feature: missing },
    });
    expect(requests).toEqual([]);
  },
);

test('a node of an earlier version runs commands as their task', async () => {
  const { call, requests } = await ask({}, undefined);
  await call;
  expect(requests[0]).toEqual({ op: 'exec', task: 'web.1', command: ['id'] });
});

test('a node with the features receives the user and the directory', async () => {
  const { call, requests } = await ask({ user: '1:1', workingDir: '/srv' }, ['exec.user', 'exec.workingDir']);
  await call;
  expect(requests[0]).toMatchObject({ op: 'exec', user: '1:1', workingDir: '/srv' });
});
