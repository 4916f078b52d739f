import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { idOf } from '@gantry/core/model';
import { runningTasks } from '../cluster/pick-task.ts';
import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { EXIT } from '../output/exit-codes.ts';
import { CliError, problemOf, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** A local port and the remote port to which it is forwarded. */
export interface Forward {
  /** 0: any free port. */
  readonly local: number;
  readonly remote: number;
}

/** Defines `gantry port-forward TASK|SERVICE [local:]remote…`. */
export const portForward: Define = (command, act) => {
  command
    .argument('<workload>', 'service/NAME (a ready task for each connection), task/NAME, or the name alone')
    .argument('<ports...>', '[LOCAL:]REMOTE; 0 or nothing before the colon: any free local port')
    .option('--address <address>', 'where to listen', '127.0.0.1')
    .action(
      act<[string, string[]], { address: string }>(async (cx, [word, words], { address }) => {
        const forwards = words.map(parseForward);
        const pick = await picker(cx, word);
        await pick(); // fails immediately if there is no target
        await forward(cx, pick, forwards, address);
        return EXIT.ok;
      }),
    );
};

/** Parses `8080:80`, `:80` and `80`. */
export function parseForward(text: string): Forward {
  const match = /^(?:(\d{0,5}):)?(\d{1,5})$/.exec(text);
  const remote = Number(match?.[2]);
  const local = match?.[1] === undefined ? remote : Number(match[1]);
  if (match === null || remote < 1 || remote > 65_535 || local > 65_535) {
    throw usage(`expected [LOCAL:]REMOTE, got "${text}"`);
  }
  return { local, remote };
}

/** Returns a function that picks the task for the next connection: the ready tasks of a service in turn. */
async function picker(cx: Cx, word: string): Promise<() => Promise<string>> {
  const { kind, id } = await parseWorkload(cx, word, ['service', 'task']);
  const api = await cx.api();
  if (kind === 'task') {
    return async () => {
      await withSuggestion(cx, 'task', id, () => api.get('task', id, { signal: cx.signal }));
      return id;
    };
  }
  let turn = 0;
  return async () => {
    const tasks = await runningTasks(cx, id);
    const ready = tasks.filter(({ status }) => status.ready);
    const choice = ready.length > 0 ? ready : tasks;
    const task = choice[turn++ % Math.max(choice.length, 1)];
    if (task !== undefined) return idOf(task.meta);
    throw new CliError(
      'UNAVAILABLE',
      `service ${id} has no running task`,
      `see why with \`gantry explain service/${id}\``,
    );
  };
}

async function forward(
  cx: Cx,
  pick: () => Promise<string>,
  forwards: readonly Forward[],
  address: string,
): Promise<void> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  try {
    for (const { local, remote } of forwards) {
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        void serve(cx, pick, remote, socket);
      });
      servers.push(server);
      server.listen(local, address);
      await once(server, 'listening');
      const bound = server.address() as { readonly port: number };
      cx.print(`Forwarding ${address}:${bound.port} -> ${remote}`);
    }
    if (!cx.signal.aborted) await once(cx.signal, 'abort');
  } finally {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  }
}

async function serve(cx: Cx, pick: () => Promise<string>, port: number, socket: Socket): Promise<void> {
  const left = new AbortController();
  socket.on('error', () => left.abort());
  socket.on('close', () => left.abort());
  try {
    const api = await cx.api();
    const signal = AbortSignal.any([cx.signal, left.signal]);
    // The end of the local input must not destroy the socket, which may still receive data.
    const input = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    for await (const data of api.dial(await pick(), { port, input, signal })) {
      if (!socket.write(data)) await once(socket, 'drain', { signal });
    }
    socket.end();
  } catch (error) {
    if (!left.signal.aborted && !cx.signal.aborted) cx.warn(problemOf(error).message);
    socket.destroy();
  }
}
