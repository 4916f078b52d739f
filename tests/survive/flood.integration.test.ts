import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { UpProgram } from './support/up-program.ts';
import { answers, deploy, survivors, victim, victimReplaced } from './support/workload.ts';

const program = fileURLToPath(new URL('./support/idle-client.ts', import.meta.url));
/** Connections of one client program. */
const EACH = 10_400;
const TIMEOUT = { timeout: 120_000 };

describe('a cluster under a flood of idle connections', () => {
  let folder = '';
  let up: UpProgram;
  let ports: [number, number, number];
  let before: readonly string[];
  const clients: ChildProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-flood-'));
    ports = (await freePorts(3)) as [number, number, number];
    up = new UpProgram({
      name: 'flood',
      home: join(folder, 'home'),
      scratch: join(folder, 'scratch'),
      port: ports[0],
    });
    await up.start();
    await deploy(up.client, [ports[1], ports[2]]);
    before = await survivors(up.client);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      const gone = once(client, 'exit');
      client.stdin?.end();
      await gone;
    }
  });
  afterAll(async () => {
    await up?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const enoughFiles = (): boolean => {
    const hard = /^Max open files +\S+ +(\d+|unlimited)/m.exec(
      readFileSync('/proc/self/limits', 'utf8'),
    )?.[1];
    return hard === 'unlimited' || Number(hard) > EACH + 500;
  };

  /** Opens connections from a program of its own, and resolves once each was accepted or refused. */
  const flood = async (port: number): Promise<void> => {
    const files = ['prlimit', `--nofile=${EACH + 500}`];
    const [file, ...args] = [
      ...files,
      process.execPath,
      '--conditions=@gantry/source',
      '--import',
      'tsx',
      program,
    ];
    const client = spawn(file as string, [...args, String(port), String(EACH)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    clients.push(client);
    await Promise.race([
      once(client.stdout, 'data'),
      once(client, 'exit').then(([code]) => {
        throw new Error(`the client ended with ${String(code)}`);
      }),
    ]);
  };

  /** The API answers and can change things, the other port is served, and the tasks are the same. */
  const everythingElseWorks = async (): Promise<void> => {
    expect(await answers(ports[2])).toBe(true);
    const ending = await victim(up.client);
    process.kill(ending?.pid as number, 'SIGKILL');
    await victimReplaced(up.client, ending?.pid, TIMEOUT.timeout);
    expect(await survivors(up.client)).toEqual(before);
  };

  test(
    `answers on its API and its other ports while one published port has ${EACH} idle connections`,
    TIMEOUT,
    async (context) => {
      if (!enoughFiles()) return context.skip(`needs a limit of ${EACH + 500} open files`);
      await flood(ports[1]);
      await everythingElseWorks();
    },
  );

  test(
    `answers on its API and its ports while its API has ${2 * EACH} idle connections`,
    TIMEOUT,
    async (context) => {
      if (!enoughFiles()) return context.skip(`needs a limit of ${EACH + 500} open files`);
      await Promise.all([flood(ports[0]), flood(ports[0])]);
      await everythingElseWorks();
      expect(await answers(ports[1])).toBe(true);
    },
  );
});
