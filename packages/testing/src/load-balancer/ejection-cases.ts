import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import type { BackendStats } from '@gantry/core/contracts';
import type { CaseContext } from '../kit.ts';
import {
  ADDRESS,
  apply,
  dial,
  frontend,
  type LoadBalancerCase,
  type LoadBalancerSubject,
  listening,
  startBackends,
} from './subject.ts';

const skip = ({ loadBalancer }: LoadBalancerSubject): string | undefined =>
  loadBalancer.supports.ejection === true ? undefined : 'it ejects no backends';

/** Maximum number of connections before a backend must have been ejected. */
const MAX_CONNECTIONS = 200;

/** Connects as a client, until a backend has sent something or the connection is closed. */
async function visit(port: number, context: CaseContext): Promise<void> {
  const socket = connect({ port, host: ADDRESS });
  const over = new Promise<void>((resolve) => {
    socket.on('data', () => resolve());
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  try {
    await context.within(over, `a connection to port ${port} to be answered or closed`);
  } finally {
    socket.destroy();
  }
}

export const ejectionCases: readonly LoadBalancerCase[] = [
  {
    name: 'a backend that accepts no connection is ejected: stats count it and say why, and clients reach the others',
    skip,
    async run(subject, context) {
      const good = await startBackends(2, context);
      const server = createServer();
      const { port: refusing, close } = await listening(server, 0, context);
      await close();
      const bad = { id: 'bad', address: ADDRESS, port: refusing, state: 'ready' } as const;
      const [port = 0] = await apply(
        subject,
        context,
        frontend([bad, ...good.map((one) => one.as('ready'))]),
      );
      const statsOf = async (id: string): Promise<BackendStats | undefined> =>
        (await context.within(subject.loadBalancer.stats(), 'stats')).find(({ backend }) => backend === id);
      let times = 0;
      while (((await statsOf('bad'))?.ejections ?? 0) === 0) {
        ok(times++ < MAX_CONNECTIONS, `no ejection after ${MAX_CONNECTIONS} connections`);
        await visit(port, context);
      }
      const ejected = await statsOf('bad');
      deepStrictEqual([ejected?.state, ejected?.ejections], ['ejected', 1]);
      ok((ejected?.ejectionReason ?? '') !== '', 'stats do not say why it was ejected');
      for (const { id } of good) {
        const { state, ejections, ejectionReason } = (await statsOf(id)) as BackendStats;
        deepStrictEqual([state, ejections, ejectionReason], ['ready', 0, undefined]);
      }
      for (let count = 0; count < 6; count++) ok((await dial(port, context)).backend !== 'bad');
      strictEqual((await statsOf('bad'))?.ejections, 1);
    },
  },
];
