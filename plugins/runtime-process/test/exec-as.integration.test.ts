import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecOptions } from '@gantry/core/api';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessRuntime } from '../src/index.ts';

const template: TemplateSpec = {
  command: ['sleep', '1000'],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'missing',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 1000,
  drainMs: 0,
  healthChecks: { image: true },
};

let dir: string;
let runtime: ProcessRuntime;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-exec-as-'));
  runtime = new ProcessRuntime({
    cluster: 'test',
    node: 'n1',
    clock: new SystemClock(),
    dir,
    logBytes: 1 << 20,
    inheritEnv: false,
  });
});

afterEach(async () => {
  await runtime.remove('a');
  await runtime[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function start(fields: Partial<TemplateSpec> = {}): Promise<void> {
  const attachment = { networks: [], ports: [], publish: [], env: {} };
  await runtime.ensure({
    task: 'a',
    service: 'web',
    slot: '1',
    template: { ...template, ...fields },
    attachment,
  });
}

/** What a script says in the task `a`. */
async function said(script: string, options: Partial<ExecOptions>): Promise<string> {
  const session = await runtime.exec('a', { command: ['sh', '-c', script], ...options });
  let text = '';
  for await (const { data } of session.output) text += Buffer.from(data).toString();
  expect(await session.exitCode).toBe(0);
  return text.trim();
}

const isRoot = process.getuid?.() === 0;
const IDS = 'echo $(id -u) $(id -g) $(id -G) $HOME';

describe.runIf(isRoot)('a command as another user, if Gantry runs as root', () => {
  test.each<[string, string | undefined, string, string]>([
    ['a name', undefined, 'daemon', '1 1 1 /usr/sbin'],
    ['a user and a group by name', undefined, 'daemon:nogroup', '1 65534 65534 /usr/sbin'],
    ['numbers that no file knows', undefined, '54321:54322', '54321 54322 54322 /'],
    ['a number without a group', undefined, '54321', '54321 54321 54321 /'],
    ['root in a task of another user', 'daemon', 'root', '0 0 0 /root'],
  ])('runs by %s', async (_what, own, user, expected) => {
    await start(own === undefined ? {} : { user: own });
    expect(await said(IDS, { user })).toBe(expected);
  });

  test('has its own HOME unless one is given', async () => {
    await start({ env: { HOME: '/srv' } });
    expect(await said('echo $HOME', {})).toBe('/srv');
    expect(await said('echo $HOME', { user: 'daemon', env: { HOME: '/tmp' } })).toBe('/tmp');
  });

  test.each([
    ['user', 'no-such-user', 'user: user "no-such-user" not found on this node'],
    ['user', 'root:no-such-user', 'user: group "no-such-user" not found on this node'],
    ['workingDir', '/no/such', 'workingDir: directory "/no/such" not found on this node'],
    ['workingDir', '/etc/passwd', 'workingDir: directory "/etc/passwd" not found on this node'],
    ['workingDir', '/etc/passwd/x', 'workingDir: directory "/etc/passwd/x" not found on this node'],
  ])('%s "%s" is INVALID_OBJECT', async (field, value, message) => {
    await start();
    await expect(runtime.exec('a', { command: ['id'], [field]: value })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      message: `runtime-process: exec in "a": ${message}`,
    });
  });
});

test.runIf(!isRoot)('a command as another user is UNSUPPORTED if Gantry does not run as root', async () => {
  await start();
  expect(runtime.supports.execUser).toBe(false);
  await expect(runtime.exec('a', { command: ['id'], user: 'daemon' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
});
