import { GantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { Server } from '@gantry/core/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { electionCheck } from '../src/doctor/run-checks.ts';
import { type Bench, openBench } from './support/cluster.ts';
import { Terminal } from './support/terminal.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench(0);
});
afterAll(() => bench[Symbol.asyncDispose]());

const DAY_MS = 86_400_000;

const server = (name: string, more: Partial<Server['status']> = {}): Server => {
  const startedAt = Date.now() - 20 * DAY_MS;
  return {
    kind: 'server',
    meta: { name, uid: `${name}-abcd1234`, createdAt: startedAt },
    status: {
      state: 'ready',
      role: 'standby',
      urls: [`https://${name}:7443`],
      version: '0.1.0',
      startedAt,
      lastSeenAt: Date.now() - 9 * DAY_MS,
      ...more,
    },
  };
};
const leader = server('s2', { role: 'leader', leaderSince: Date.now() - 12 * DAY_MS, term: 4 });
const lost = server('s3', { state: 'unreachable', lastSeenAt: Date.now() - 10 * DAY_MS, urls: [] });
const all = [server('s1'), leader, lost];

/** A terminal of a cluster with these servers, or whose API does not list any. */
async function terminalOf(servers: readonly Server[] | GantryError): Promise<Terminal> {
  const listed = async (): Promise<readonly Server[]> => {
    if (servers instanceof GantryError) throw servers;
    return servers;
  };
  const api = new Proxy(bench.cluster.api, {
    get: (target, name) => {
      if (name === 'servers') return listed;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return await Terminal.open({ api: api as ClusterApi });
}

describe('get servers', () => {
  test('shows which server leads', async () => {
    await using terminal = await terminalOf(all);
    expect((await terminal.run('get servers')).out).toBe(
      [
        'NAME   ROLE      STATE         URLS              VERSION   AGE',
        's1     standby   ready         https://s1:7443   0.1.0     20d',
        's2     leader    ready         https://s2:7443   0.1.0     20d',
        's3     standby   unreachable   <none>            0.1.0     20d',
        '',
      ].join('\n'),
    );
    const wide = (await terminal.run('get servers -o wide --no-headers')).out.split('\n');
    expect(wide[1]).toMatch(/ 20d +4 +12d +9d$/);
    expect(wide[2]).toMatch(/ 20d +<none> +<none> +10d$/);
  });

  test.each([
    ['get server s2 -o jsonpath={.status.role}', 'leader\n'],
    ['get server/s2 -o name', 'server/s2\n'],
    ['get server s2-abcd1234 -o name', 'server/s2\n'],
    ['get servers -o name --field-selector status.role=leader', 'server/s2\n'],
    ['get servers -o name --limit 2', 'server/s1\nserver/s2\n'],
    ['get servers -o name -l app=x', ''],
    [
      'get servers -o custom-columns=N:.meta.name,T:.status.term --no-headers --sort-by .status.urls',
      undefined,
    ],
    ['get servers,nodes -o name', 'server/s1\nserver/s2\nserver/s3\n'],
    ['get servers --show-labels --no-headers -A', undefined],
  ])('%s', async (line, out) => {
    await using terminal = await terminalOf(all);
    const result = await terminal.run(line);
    expect(result).toMatchObject({ code: 0, ...(out !== undefined && { out }) });
  });

  test('gives documents like those of objects', async () => {
    await using terminal = await terminalOf(all);
    expect(JSON.parse((await terminal.run('get server s2 -o json')).out)).toMatchObject({
      kind: 'server',
      meta: { name: 's2' },
      status: { role: 'leader', term: 4 },
    });
    expect((await terminal.run('get servers -o yaml')).out).toContain('kind: list');
  });

  test('names the server that may have been meant', async () => {
    await using terminal = await terminalOf([server('alpha'), server('beta')]);
    const { code, err } = await terminal.run('get server alpah');
    expect([code, err]).toEqual([
      expect.any(Number),
      expect.stringMatching(/server "alpah" not found[\s\S]*alpha/),
    ]);
    expect(code).not.toBe(0);
  });

  test('says what servers are not for', async () => {
    await using terminal = await terminalOf(all);
    expect((await terminal.run('get servers -w')).err).toMatch(
      /servers cannot be watched[\s\S]*watch gantry/,
    );
    for (const line of ['describe server s1', 'delete server s1', 'label server s1 a=b'])
      expect(await terminal.run(line)).toMatchObject({
        code: 2,
        err: expect.stringContaining('gantry get servers'),
      });
  });

  test('says that a server is too old to list them', async () => {
    await using terminal = await terminalOf(new GantryError('NOT_FOUND', 'path not found'));
    expect((await terminal.run('get servers')).err).toContain('older than this program');
  });

  test('shows the one server of an embedded cluster', async () => {
    expect((await bench.run('get servers --no-headers')).out).toMatch(/^server +leader +ready +<none> +\d/);
  });

  test('is completed', async () => {
    await using terminal = await terminalOf(all);
    const words = async (...line: string[]): Promise<string> =>
      (await terminal.run(['complete', '--', ...line])).out;
    expect(await words('get', 'serv')).toContain('servers\t');
    expect(await words('get', 'servers', 's')).toBe('s1\t\ns2\t\ns3\t\n:4\n');
    expect(await words('get', 'server/s2')).toContain('server/s2');
    expect(await words('describe', 'serv')).not.toContain('server');
  });
});

describe('the leader', () => {
  test('is named by info where there is an election', async () => {
    await using terminal = await terminalOf(all);
    expect((await terminal.run('info')).out).toMatch(/Servers: +3, 1 unreachable\nLeader: +s2, for 12d\n/);
    await using none = await terminalOf([server('s1')]);
    expect((await none.run('info')).out).toMatch(/Leader: +none\n/);
    expect((await bench.run('info')).out).not.toContain('Leader');
    await using refused = await terminalOf(new GantryError('FORBIDDEN', 'no'));
    expect(await refused.run('info')).toMatchObject({ code: 0, out: expect.not.stringContaining('Leader') });
  });

  test.each([
    [undefined, 'ok', 'it answers'],
    [{ leader, servers: all }, 'ok', 'it answers; s2 leads 3 servers; unreachable: s3'],
    [{ leader, servers: [leader] }, 'ok', 'it answers; s2 leads 1 server'],
    [{ leader: undefined, servers: all }, 'wrong', 'no server leads'],
    [
      { leader: { ...lost, status: { ...lost.status, role: 'leader' as const } }, servers: all },
      'wrong',
      's3',
    ],
  ])('is checked by doctor %#', (election, state, means) => {
    const check = electionCheck(election);
    expect(check.state).toBe(state);
    expect(check.means).toContain(means);
  });
});
