import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiEndpoint, apiServer } from '@gantry/api';
import { type Cluster, createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../../../tests/support/services.ts';
import { Tmux } from './support/tmux.ts';

const launcher = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));
const TOKEN = `gantry_${'admin-of-the-tests'.padEnd(43, 'x')}`;
const TIMEOUT_MS = 180_000;

/** Throws out of nowhere when it is told to, as a bug would. */
const CRASH = "process.on('SIGUSR2', () => { throw new Error('a crash for the test'); });\n";

describeWith('tmux', 'gantry top on a terminal', () => {
  let cluster: Cluster;
  let folder: string;
  let url: string;
  const serve = async (port = 0): Promise<void> => {
    const server = apiServer({ adminToken: TOKEN, listen: { port } });
    cluster = await createCluster([...fakeCluster({ logLevel: 'silent' }), server], { nodes: 2 });
    url = cluster.get(apiEndpoint).url;
    await cluster.api.apply({
      kind: 'service',
      meta: { name: 'web' },
      spec: { replicas: 3, template: { image: 'a' }, update: { monitorMs: 20 } },
    });
    await cluster.api.wait('service', 'web', 'Available', { timeoutMs: 60_000 });
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-top-'));
    await writeFile(join(folder, 'crash.mjs'), CRASH);
    await serve();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (): Promise<Tmux> => {
    const terminal = new Tmux({ GANTRY_SERVER: url, GANTRY_TOKEN: TOKEN, CRASH: join(folder, 'crash.mjs') });
    await terminal.shows('shell$');
    // The process says its id, so that a signal reaches it and nothing else.
    terminal.line(`sh -c 'echo $$ > pid; exec node --import "$CRASH" ${launcher} top'; echo "exit code $?"`);
    await terminal.shows('[2 services]');
    expect(terminal.modes()).toEqual({ alternate: true, cursor: false });
    return terminal;
  };

  /** The shell is back: on its own screen, with a cursor, and it echoes what is typed. */
  const restored = async (terminal: Tmux, code: number): Promise<string> => {
    const screen = await terminal.shows(`exit code ${code}`);
    expect(terminal.modes()).toEqual({ alternate: false, cursor: true });
    expect(screen).not.toContain('[2 services]');
    terminal.line('echo typed-"again"');
    expect(await terminal.shows('typed-again')).toContain('echo typed-"again"');
    return screen;
  };

  test(
    'shows the cluster by keyboard and follows its changes',
    async () => {
      using terminal = await open();
      expect(await terminal.shows(/nodes 2\/2 ready {2}services 1\/1 ready {2}tasks 3\/3 ready/)).toContain(
        '> default',
      );
      terminal.press('Enter');
      await terminal.shows('tasks of service/web');
      await cluster.api.scale('web', 4);
      await terminal.shows('1 of 4');
      terminal.type('/web.4');
      await terminal.shows('1 of 1');
      terminal.press('Enter');
      terminal.type('d');
      await terminal.shows('describe task/web.4');
      await terminal.shows('Service:');
      terminal.press('Escape');
      await terminal.shows('tasks of service/web');
      terminal.type('x');
      await terminal.shows(/explain task\/web\.4[\s\S]*scheduler/);
      terminal.press('Escape');
      terminal.type(':ev');
      terminal.press('Enter');
      await terminal.shows('[4 events]');
      terminal.type('?');
      await terminal.shows('follow its logs');
      terminal.resize(60, 10);
      const small = await terminal.shows(/\? help.*\n?$/);
      for (const line of small.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
      terminal.type('qq');
      await restored(terminal, 0);
    },
    TIMEOUT_MS,
  );

  test.each([
    ['Ctrl-C', 0, (terminal: Tmux) => terminal.press('C-c')],
    ['SIGTERM', 130, () => undefined, 'TERM'],
    ['SIGHUP', 130, () => undefined, 'HUP'],
    ['a crash', 1, () => undefined, 'USR2'],
  ] as const)(
    'gives the terminal back after %s',
    async (what, code, act, signal?: string) => {
      using terminal = await open();
      act(terminal);
      if (signal !== undefined) process.kill(terminal.pid(), `SIG${signal}`);
      const screen = await restored(terminal, code);
      if (what === 'a crash') expect(screen).toContain('a crash for the test');
    },
    TIMEOUT_MS,
  );

  test(
    'says that the server is gone, and shows it again when it is back',
    async () => {
      using terminal = await open();
      const port = Number(new URL(url).port);
      await cluster[Symbol.asyncDispose]();
      await terminal.shows(/connection lost \d+s ago, reconnecting/);
      await serve(port);
      await terminal.shows(/ {2}connected {2}.*tasks 3\/3 ready/);
      terminal.type('q');
      await restored(terminal, 0);
    },
    TIMEOUT_MS,
  );

  test(
    'prints tables without a terminal: no colours, no alternate screen',
    async () => {
      using terminal = await open();
      terminal.type('q');
      await restored(terminal, 0);
      terminal.line(
        `clear; node ${launcher} top | od -c | grep -c 033; node ${launcher} top --plain; echo done`,
      );
      const screen = await terminal.shows(/^0\n[\s\S]*NAME +CPU[\s\S]*done/m);
      expect(screen).toContain('node-1');
      expect(terminal.modes().alternate).toBe(false);
    },
    TIMEOUT_MS,
  );
});
