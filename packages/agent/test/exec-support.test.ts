import type { Runtime } from '@gantry/core';
import type { ExecOptions, ExecSession } from '@gantry/core/api';
import { SeededRandom, TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { StreamServer } from '../src/streams.ts';

function server(supports: Partial<Runtime['supports']>) {
  const asked: ExecOptions[] = [];
  const runtime = {
    supports: { exec: true, ...supports },
    async exec(_task: string, options: ExecOptions): Promise<ExecSession> {
      asked.push(options);
      return { output: (async function* () {})(), exitCode: Promise.resolve(0), resize: async () => {} };
    },
  } as unknown as Runtime;
  const parts = { runtime, clock: new TestClock(), random: new SeededRandom(1) };
  const tasks = { addressOf: () => ({ address: '', port: 0 }), stats: async () => [] };
  return { streams: new StreamServer(parts, tasks), asked };
}

const request = { op: 'exec', task: 'a', command: ['id'] } as const;

test.each([
  ['another user', { execWorkingDir: true }, { user: 'root' }],
  ['another directory', { execUser: true }, { workingDir: '/' }],
] as const)(
  'a runtime that does not say it can is never asked for a command with %s',
  async (what, can, options) => {
    const { streams, asked } = server(can);
    await expect(streams.answer({ ...request, ...options })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(what),
    });
    expect(asked).toEqual([]);
  },
);

test('a runtime that can receives the user and the directory', async () => {
  const { streams, asked } = server({ execUser: true, execWorkingDir: true });
  await streams.answer({ ...request, user: 'root', workingDir: '/srv' });
  await streams.answer(request);
  expect(asked[0]).toMatchObject({ command: ['id'], user: 'root', workingDir: '/srv' });
  expect(asked[1]).not.toHaveProperty('user');
  expect(asked[1]).not.toHaveProperty('workingDir');
  streams.closeAll();
});
