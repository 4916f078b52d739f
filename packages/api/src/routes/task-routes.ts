import { GantryError } from '@gantry/core';
import type { Grant, KindDefinition } from '@gantry/core/model';
import { z } from 'zod';
import { allows } from '../auth/access.ts';
import { forbidden } from '../auth/forbidden.ts';
import { FollowedInput } from '../http/followed-input.ts';
import { queryCount, queryFlag, queryList } from '../http/query.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';
import { objectPath } from './paths.ts';
import { socketSession } from './socket-session.ts';

const STREAMS = Object.freeze({ stdout: 1, stderr: 2 });
const MAX_SIZE = 10_000;

const execQuery = z.strictObject({
  command: queryList,
  tty: queryFlag.optional(),
  env: queryList.optional(),
  // Checked once the socket is open: a browser cannot read why an upgrade was rejected.
  user: z.string().optional(),
  workingDir: z.string().optional(),
});
const dialQuery = z.strictObject({ port: queryCount });

/** Routes into a running task over WebSockets: run a command, or connect to one of its ports. */
export function taskRoutes(kind: KindDefinition, parts: RouteParts): readonly Route[] {
  const { api } = parts;
  const path = objectPath(kind);
  return [
    route({
      method: 'GET',
      action: 'exec',
      access: 'operator',
      verbs: ['exec'],
      kind,
      path: `${path}/exec`,
      summary: 'Run a command in a task (WebSocket)',
      query: execQuery,
      answers: { 101: undefined },
      socket: (call, raw) =>
        socketSession('exec', call, raw, parts, async (socket, signal, fail) => {
          const { command, tty, env, user, workingDir } = call.query;
          const session = await api.exec(call.id, {
            command,
            stdin: socket.bytes(),
            signal,
            ...(tty === undefined ? {} : { tty }),
            ...(env === undefined ? {} : { env: environment(env) }),
            ...(user === undefined ? {} : { user }),
            ...(workingDir === undefined ? {} : { workingDir }),
          });
          socket.onMessage(({ type, columns, rows }) => {
            if (type !== 'resize') fail(unknownMessage(type));
            else if (!isSize(columns) || !isSize(rows)) {
              fail(new GantryError('INVALID_OBJECT', 'a resize needs columns and rows'));
            } else session.resize(columns, rows).catch(fail);
          });
          await socket.send({ type: 'started' });
          for await (const { stream, data } of session.output) {
            const frame = Buffer.allocUnsafe(data.length + 1);
            frame[0] = STREAMS[stream];
            frame.set(data, 1);
            await socket.send(frame);
          }
          await socket.send({ type: 'exit', code: await session.exitCode });
        }),
    }),
    route({
      method: 'GET',
      action: 'dial',
      access: 'operator',
      verbs: ['port-forward'],
      kind,
      path: `${path}/dial`,
      summary: 'Connect to a port of a task (WebSocket)',
      query: dialQuery,
      answers: { 101: undefined },
      socket: (call, raw) =>
        socketSession('dial', call, raw, parts, async (socket, signal, fail) => {
          socket.onMessage(({ type }) => fail(unknownMessage(type)));
          await checkPort(call, parts);
          const input = new FollowedInput(socket.bytes());
          const output = api.dial(call.id, { port: call.query.port, input, signal });
          for await (const data of output) await socket.send(data);
          await socket.send({ type: 'end' });
          // The client may still be sending.
          await input.finished(parts.clock, parts.settings.limits.halfClosedIdleMs, signal);
        }),
    }),
  ];
}

/**
 * Checks that the caller may connect to the port. A port that the template does not declare may belong to another
 * program of the node, so it requires an admin.
 */
async function checkPort(
  { who, id, query: { port } }: Call<z.output<typeof dialQuery>>,
  { api }: RouteParts,
): Promise<void> {
  const needed: Grant = { role: 'admin', namespace: '*' };
  if (allows(who.grants, needed)) return;
  const task = await api.get('task', id);
  const { spec } = await api.get('template', task.spec.template);
  const declared = spec.ports.filter(({ protocol }) => protocol === 'tcp').map(({ target }) => target);
  if (declared.includes(port)) return;
  const ports = declared.length === 0 ? 'no port' : declared.join(', ');
  throw forbidden(who, `port ${port} of task ${id}, which declares ${ports}`, needed);
}

/** Parses `NAME=value`, once for each variable. */
function environment(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new GantryError('INVALID_OBJECT', 'query: env: expected NAME=value');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function unknownMessage(type: string): GantryError {
  return new GantryError('INVALID_OBJECT', `unknown message type "${type}"`);
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_SIZE;
}
